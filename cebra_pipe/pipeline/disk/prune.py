"""Lists, and on request removes, what the config of a study no longer names."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from ...errors import Problem, UserError, counted
from ..config.changes import read_changed
from ..jobs.locks import is_running, is_under_way
from ..jobs.roles import WAYS, lesson_file
from ..planning.plan import Plan, Planned, check_files
from . import claims
from .reruns import leftovers
from .status import foreign

BESIDE = (".lock", ".checkpoint", ".damaged", ".tmp")  # hidden files that belong to an artifact


def main(options: argparse.Namespace) -> int:
    """Without --yes nothing is touched. A UserError where another config's results lie there too, or a run works."""
    plan = Plan(read_changed(options.config, options.changes))
    check_files(plan, str(options.config))
    claims.check(plan, [options.config])
    if options.yes and is_under_way(plan.root):
        remedy = "Wait for its end: what it was planned with may be another config, whose files its jobs still read."
        raise UserError(Problem(plan.root, "a study that is at rest", "a run that is under way", remedy))
    paths = [*(Path(state.path) for state in foreign(plan)), *stale_checkpoints(plan)]
    size = sum(path.stat().st_size for path in paths)
    for path in paths:
        print(path)
        if options.yes:
            path.unlink()
    if options.yes:
        for path in leftovers(plan):
            path.unlink()
        _empty_folders(Path(plan.root), {Path(path).parent for job in plan.jobs() for path in job.outputs.values()})
    done = "removed" if options.yes else "would be removed; add --yes to do it"
    print(f"{counted(len(paths), 'file')}, {size / 1e6:.1f} MB, {done}." if paths else "Nothing to prune.")
    return 0


def stale_checkpoints(plan: Plan) -> list[Path]:
    """Those of killed jobs that the config no longer names, and would leave in folders that it names: of adaptations to
    other shares, and of batches of seeds that are fitted one by one now. None of a job that runs.
    """
    jobs = [job for job in plan.jobs() if job.stage in ("fit", "adapt")]
    found = [path for folder in _folds(jobs) for path in sorted(folder.glob(".models.pt.checkpoint*"))]
    for job in (job for job in jobs if job.stage == "adapt" and not any(map(is_running, job.outputs.values()))):
        models, shares = Path(job.outputs["models"]), json.loads(job.spec)["shares"]
        known = {models.with_name(f".{lesson_file(way, share)}.checkpoint") for way in WAYS for share in shares}
        every = (path for way in WAYS for path in sorted(models.parent.glob(f".{way}_*.checkpoint*")))
        found += [path for path in every if path.with_name(path.name.removesuffix(".damaged")) not in known]
    return found


def _folds(jobs: Sequence[Planned]) -> list[Path]:
    """The folders of folds whose seeds are fitted one by one, but for those in which a batch of them runs."""
    folders = dict.fromkeys(Path(job.outputs["model"]).parents[1] for job in jobs if job.stage == "fit")
    return [folder for folder in folders if not is_running(str(folder / "models.pt"))]


def _empty_folders(root: Path, named: set[Path]) -> None:
    """Remove folders that hold nothing, or nothing but locks and checkpoints of artifacts that are gone.

    `named` are those of artifacts to come: a fit that runs, or was killed, has nothing else in its folder yet.
    """
    for folder in sorted((p for p in root.rglob("*") if p.is_dir()), key=lambda p: -len(p.parts)):
        inside = list(folder.iterdir())
        if folder not in named and all(p.name.startswith(".") and p.name.endswith(BESIDE) for p in inside):
            for each in inside:
                each.unlink()
            folder.rmdir()
