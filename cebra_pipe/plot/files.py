"""Which file of a figure or table belongs to which condition, unit, fold, seed, recording and comparison.

Files of a study say so by their place, whatever their order. Files that lie elsewhere, as a stage by hand may be given,
are taken in the order of the spec. What a file says of itself has to agree.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..data.table import Table, read_table
from ..errors import Problem, UserError
from .drawn import pick
from .fits import Fit, fits_of, spec_of
from .shown import Condition, Study


@dataclass(frozen=True)
class Source:
    """A file of one condition and unit."""

    condition: Condition
    unit: str
    path: Path
    fold: int = 0
    seed: int = 0
    shared: bool = False  # with other seeds, which its column `seed` tells apart

    def read(self, columns: list[str] | None = None) -> Table:
        if not self.shared:
            return read_table(self.path, columns)
        mine = pick(read_table(self.path, None if columns is None else [*columns, "seed"]), seed=self.seed)
        return Table({name: values for name, values in mine.columns.items() if name != "seed"}, mine.meta)


def of_units(study: Study, paths: Sequence[Path], stage: str) -> list[Source]:
    """The files of decode or transform by condition and unit: conditions in the study's order, units by their sessions.

    Recordings without a label are not decoded, so conditions, or units of them, may be without a file.
    """
    files = [(path, _sessions(path, stage)) for path in paths]
    if placed := _placed(study, paths, *PLACES[stage]):
        for source, (path, sessions) in zip(placed, files, strict=True):
            if tuple(source.condition.units[source.unit]) != sessions:
                raise _stranger(path, sessions, study)
        return _sorted(study, placed)
    found: list[Source] = []
    for match in (_whole, _partly):
        found, left = _assigned(study, files, match)
        if not left:
            return found
    raise _stranger(*left[0], study)


# stage -> where a path has the condition and the unit, counted from its end (`pipeline.plan.STAGES`); what units it has
PLACES = {
    "decode": (2, 1, "units"),
    "transform": (2, 1, "units"),
    "fit": (5, 4, "units"),
    "adapt": (5, 4, "without"),
    "transfer": (2, 1, "without"),
}


def _placed(study: Study, paths: Sequence[Path], condition: int, unit: int, units: str) -> list[Source]:
    """The files as sources by their places; none where not every file lies in a place of the study's."""
    known = {(k.name, name): (k, name) for k in study.conditions for name in getattr(k, units)}
    found = []
    for parts in (Path(path).parts for path in paths):
        at = (parts[-condition], parts[-unit].split(".")[0]) if len(parts) >= condition else None
        if at not in known:
            return []
        found.append(known[at])
    return [Source(k, name, path) for (k, name), path in zip(found, paths, strict=True)]


def _sorted(study: Study, sources: list[Source]) -> list[Source]:
    """In the order of conditions and units, then of folds and seeds."""
    every = ((k.name, unit) for k in study.conditions for unit in (*k.units, *k.without, *k.portions))
    at = {each: i for i, each in enumerate(every)}
    return sorted(sources, key=lambda each: (at[each.condition.name, each.unit], each.fold, each.seed))


Files = list[tuple[Path, tuple[str, ...]]]  # path, sessions


def _assigned(study: Study, files: Files, match: Callable[[Condition, Files], list[Source]]) -> tuple[list, Files]:
    """The sources that `match` finds for one condition after the other, and the files that are left."""
    found: list[Source] = []
    for condition in study.conditions:
        found += match(condition, files[len(found) :])
    return found, files[len(found) :]


def _whole(condition: Condition, files: Files) -> list[Source]:
    """One file for every unit of the condition, or none."""
    found = _partly(condition, files)
    return found if len(found) == len(condition.units) else []


def _partly(condition: Condition, files: Files) -> list[Source]:
    """The leading files that are of different units of the condition."""
    units, found = dict(condition.units), []
    for path, sessions in files:
        unit = next((name for name, members in units.items() if tuple(members) == sessions), None)
        if unit is None:
            break
        del units[unit]
        found.append(Source(condition, unit, path))
    return found


def histories(study: Study, paths: Sequence[Path]) -> list[Source]:
    """The histories by condition, unit, fold and seed; fold and seed are those that each fit's spec names."""
    fits = fits_of(paths, "fit")
    placed = _placed(study, [fit.place for fit in fits], *PLACES["fit"])
    if placed and (missing := _missing(study, placed)):
        remedy = "Give the files as the rule does."
        raise UserError(Problem("--input histories", "one of every condition, unit and seed", missing, remedy))
    made = []
    owners = [each.condition for each in placed] or _in_order(study, len(fits))
    for condition, fit in zip(owners, fits, strict=True):
        sessions = tuple(fit.spec["sessions"])
        unit = next((name for name, members in condition.units.items() if tuple(members) == sessions), None)
        if unit is None or fit.seed not in condition.seeds or fit.spec.get("control") != condition.control:
            raise _stranger(fit.path, sessions, study)
        made.append(_source(condition, unit, fit))
    return _sorted(study, made) if placed else made


def _source(condition: Condition, unit: str, fit: Fit) -> Source:
    return Source(condition, unit, fit.path, fit.fold, fit.seed, fit.shared)


def _missing(study: Study, placed: list[Source]) -> str:
    """The units that have other numbers of files than folds and seeds make, by name."""
    counts = Counter((each.condition.name, each.unit) for each in placed)
    folds = max(math.ceil(counts[k.name, unit] / len(k.seeds)) for k in study.conditions for unit in k.units)
    wrong = [(k.name, u) for k in study.conditions for u in k.units if counts[k.name, u] != folds * len(k.seeds)]
    return ", ".join(f"{counts[each]} of {'/'.join(each)}" for each in wrong)


def _in_order(study: Study, number: int) -> list[Condition]:
    """The condition of each of so many fits: every condition has folds × units × seeds of them."""
    sizes = [len(k.units) * len(k.seeds) for k in study.conditions]
    folds, odd = divmod(number, max(sum(sizes), 1))
    if odd or not folds:
        raise UserError(
            Problem(
                "--input histories",
                f"a multiple of {sum(sizes)} fits (condition, unit, fold, seed)",
                str(number),
                "Give the files as the rule does.",
            )
        )
    return [k for k, size in zip(study.conditions, sizes, strict=True) for _ in range(size * folds)]


def transfers(study: Study, paths: Sequence[Path]) -> list[Source]:
    """The files of transfer by condition and unit: one for each recording that is left out, in the study's order."""
    units = [(condition, unit) for condition in study.conditions for unit in condition.without]
    if len(units) != len(paths):
        expected = f"{len(units)} files, one for each recording that is left out"
        raise UserError(Problem("--input transfer", expected, str(len(paths)), "Give the files as the rule does."))
    placed = _placed(study, paths, *PLACES["transfer"])
    if twice := [name for name, n in Counter(f"{s.condition.name}/{s.unit}" for s in placed).items() if n > 1]:
        remedy = "Give the files as the rule does."
        raise UserError(Problem("--input transfer", "each file once", f"{', '.join(twice)} twice", remedy))
    found = placed or [Source(condition, unit, path) for (condition, unit), path in zip(units, paths, strict=True)]
    for source in found:
        sessions = _sessions(source.path, "transfer")
        if sessions[:-1] != source.condition.without[source.unit]:
            raise _stranger(source.path, sessions, study)
    return _sorted(study, found)


def portions(study: Study, paths: Sequence[Path], stage: str) -> list[Source]:
    """The files of decode or fit of the fits to less data, by their places: two conditions may have equal specs."""
    found = []
    for each in _all_placed(study, paths, stage, "portions"):
        spec, one = spec_of(each.path, stage), each.condition.portions[each.unit]
        given, sessions = spec.get("portion") or {}, tuple(spec["sessions"])
        if (given.get("of"), given.get("share")) != (one.of, one.share) or sessions != each.condition.units[one.unit]:
            raise _stranger(each.path, sessions, study)
        of_fit = {"fold": int(spec["fold"]), "seed": int(spec["seed"])} if stage == "fit" else {}
        found.append(replace(each, **of_fit))
    return _sorted(study, found)


def left_out(study: Study, paths: Sequence[Path], stage: str) -> list[Source]:
    """The files of fit, or of adapt, where a recording is left out, by their places: unit, fold and seed."""
    found, fits = [], fits_of(paths, stage)
    for each, fit in zip(_all_placed(study, [f.place for f in fits], stage, "without"), fits, strict=True):
        others, sessions = each.condition.without[each.unit], tuple(fit.spec["sessions"])
        if sessions != others if stage == "fit" else sessions[0] in others:
            raise _stranger(fit.path, sessions, study)
        found.append(_source(each.condition, each.unit, fit))
    return _sorted(study, found)


def _all_placed(study: Study, paths: Sequence[Path], stage: str, units: str) -> list[Source]:
    """The files as sources by their places, which all of them have to have."""
    placed = _placed(study, paths, *PLACES[stage][:2], units)
    if len(placed) < len(paths):
        expected = "files in the folders of a study, {condition}/{unit}"
        raise UserError(
            Problem(f"--input {units} files of {stage}", expected, str(paths[0]), "Give them as the rule does.")
        )
    return placed


def _sessions(path: Path, stage: str) -> tuple[str, ...]:
    return tuple(spec_of(path, stage)["sessions"])


def _stranger(path: Path, sessions: tuple[str, ...], study: Study) -> UserError:
    known = "; ".join(f"{k.name}: {', '.join(k.units)}" for k in study.conditions)
    return UserError(
        Problem(
            str(path),
            f"a file of the conditions and units of the spec ({known})",
            f"one of the recordings {', '.join(sessions)}",
            "Give the files in the order of the spec, as the rule does.",
        )
    )
