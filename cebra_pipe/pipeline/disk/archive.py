"""A study in one file that is enough to repeat it: config, lock file, provenance, tables, hashes of everything made."""

from __future__ import annotations

import argparse
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from ... import __version__
from ...data.table import replacing
from ...errors import Problem, UserError
from ..config.changes import changes, for_snakemake, merged, read_changed
from ..config.reading import read_yaml
from ..jobs import provenance
from ..jobs.fingerprint import fingerprint
from ..jobs.seen import file_digest
from ..planning.exhibits import FIGURES
from ..planning.layout import STAGES
from ..planning.plan import Plan, Planned, check_files
from .environment import environments, lock, recorded
from .status import MENDED, State, states, versions

MANIFEST, CONFIG, LOCK = "manifest.json", "config.yaml", "requirements.lock"
FORMAT = 1
HELD = {"study": str, "results": str, "artifacts": dict, "versions": dict, "code": dict}  # by a manifest, for `verify`
EPOCH = (1980, 1, 1, 0, 0, 0)  # zip files note a time; the same study gives the same archive
README = """A study of cebra_pipe {version}, to be repeated.

1. Install cebra_pipe {version} and the versions in requirements.lock.
   Its first lines say whether they are those that the artifacts were made with.
2. Unpack this file; where recordings came from files, set data_folder in config.yaml (manifest.json has their hashes).
3. In a checkout of cebra_pipe: snakemake --configfile config.yaml --cores 4
4. cebra-pipe verify {name}      compares every file with the one that was archived.
"""


def main(options: argparse.Namespace) -> int:
    """Write the archive of a finished study."""
    plan = Plan(read_changed(options.config, options.changes))
    check_files(plan, str(options.config))
    path = options.to or Path(f"{plan.study.config.study}.zip")
    stale = [state for state in states(plan) if state.state in (*MENDED, "running", "other versions")]
    if stale:
        found = f"{len(stale)} files that are not, the first {stale[0].path} ({stale[0].state})"
        remedy = _mended(stale, for_snakemake(options.config, options.changes))
        raise UserError(Problem(plan.root, "a study that is finished and current", found, remedy))
    # In the order of the file: figures show conditions in it.
    config = yaml.safe_dump(merged(read_yaml(options.config), changes(options.changes)), sort_keys=False)
    contents = packed(plan, config, path.name)
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(contents.items()):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)
    print(f"{path}: {len(contents)} files, {path.stat().st_size / 1e6:.1f} MB")
    return 0


def _mended(stale: Sequence[State], config: str) -> str:
    """What makes a study current; of files of other versions snakemake makes nothing anew, as that is no reason."""
    if any(state.state != "other versions" for state in stale):
        return "Run snakemake first."
    forced = f"snakemake{config} --forceall"
    return f"It was made with {stale[0].why}: archive it where that is installed, or make all anew by `{forced}`."


def packed(plan: Plan, config: str, name: str) -> dict[str, bytes]:
    """The files of the archive."""
    jobs = list(plan.jobs())
    root = Path(plan.root)
    artifacts, packages = {}, {}
    for job in jobs:
        told = {str(path.relative_to(root)): (path, provenance.read(path)) for path in _paths(job)}
        used = dict(pair for _, about in told.values() if about for pair in about["versions"].items())
        packages |= dict.fromkeys(told, recorded(plan, job, used))
        for inside, (path, about) in told.items():
            artifacts[inside] = {"sha256": file_digest(path), "provenance": about}
    manifest = {
        "format": FORMAT,
        "study": plan.study.config.study,
        "results": plan.root,
        "version": __version__,
        "versions": versions(),
        "code": {_maker(job): job.code for job in jobs},
        "recordings": {job.wildcards["recording"]: json.loads(job.spec) for job in jobs if job.stage == "load"},
        "artifacts": artifacts,
        "environments": environments(packages),
    }
    files = {
        MANIFEST: json.dumps(manifest, indent=1, sort_keys=True),
        CONFIG: config,
        LOCK: lock(packages),
        "README.txt": README.format(version=__version__, name=name),
    }
    tables = {p.relative_to(root): p.read_bytes() for job in jobs if job.stage == "tables" for p in _paths(job)}
    return {name: text.encode() for name, text in files.items()} | {str(p): data for p, data in tables.items()}


def _paths(job: Planned) -> list[Path]:
    return [Path(path) for path in job.outputs.values()]


def _maker(job: Planned) -> str:
    """What the code of a job is the code of: a stage, or one figure, whose drawing is no part of another's."""
    return " ".join([job.stage, *([job.wildcards["figure"]] if "figure" in job.wildcards else [])])


def verify(options: argparse.Namespace) -> int:
    """Compare the files on disk with an archive; exit 0 where all are equal to the byte."""
    manifest = read_manifest(options.archive)
    root = options.results or Path(manifest["results"])
    found: dict[str, list[str]] = {"equal": [], "other": [], "missing": []}
    for inside, about in manifest["artifacts"].items():
        path = Path(root, inside)
        state = "missing" if not path.is_file() else "equal" if file_digest(path) == about["sha256"] else "other"
        found[state].append(str(path))
    for state in ("missing", "other"):
        for path in found[state]:
            print(f"{state:8s} {path}")
    for name, was in manifest["versions"].items():
        if (now := versions().get(name, "")) != was:
            print(f"version  {name} {now or 'not installed'}, archived with {was}")
    for maker, was in manifest["code"].items():
        if (now := _code(maker)) != was:
            print(f"code     {maker} {now}, archived with {was}")
    print(f"{root}: " + ", ".join(f"{len(paths)} {state}" for state, paths in found.items()))
    return 0 if not found["missing"] and not found["other"] else 1


def _code(maker: str) -> str:
    stage, *figure = maker.split(" ")
    here = stage in STAGES and (not figure or figure in ([name] for name in FIGURES))
    return f"code:{fingerprint(stage, *figure)}" if here else "not made by this version"


def read_manifest(path: Path) -> Mapping:
    """What an archive says of its study; a UserError where the file is no archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
    except FileNotFoundError:
        raise UserError(Problem(str(path), "an archive that cebra-pipe wrote", "no such file")) from None
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(Problem(str(path), "an archive that cebra-pipe wrote", f"another file ({error})")) from error
    if not isinstance(manifest, dict):
        found = f"another file ({MANIFEST} holds no mapping)"
        raise UserError(Problem(str(path), "an archive that cebra-pipe wrote", found))
    if manifest.get("format") != FORMAT:
        raise UserError(Problem(str(path), f"an archive of format {FORMAT}", repr(manifest.get("format"))))
    _check_held(path, manifest)
    inside = [name for name in manifest["artifacts"] if Path(name).is_absolute() or ".." in Path(name).parts]
    if inside:
        raise UserError(Problem(str(path), "files below one folder", inside[0], "The archive is damaged or forged."))
    return manifest


def _check_held(path: Path, manifest: Mapping) -> None:
    """A UserError where the manifest lacks what `verify` and `explain` read of it."""
    wrong = [name for name, kind in HELD.items() if not isinstance(manifest.get(name), kind)]
    for name, about in (manifest["artifacts"] if "artifacts" not in wrong else {}).items():
        if not isinstance(about, dict) or not isinstance(about.get("sha256"), str):
            wrong.append(f"sha256 of {name}")
    if wrong:
        found = f"no right {', '.join(wrong[:3])}"
        raise UserError(Problem(str(path), f"a whole {MANIFEST}", found, "The archive is damaged or forged."))
