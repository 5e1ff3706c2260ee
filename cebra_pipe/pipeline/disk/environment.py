"""What was installed when the jobs of a study ran, from their records; as a lock file for an archive."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from ..jobs.packages import installed
from ..planning.plan import Plan, Planned

OWN = ("python", "cebra_pipe")  # of an artifact's versions, what is no package with a wheel of that version
OF_THE_RUN = "# Installed when the artifacts were made."
OF_NOW = "# Installed when the study was archived: no record says what was there when the artifacts were made."

Packages = Mapping[str, str]  # name as pip writes it -> version


def recorded(plan: Plan, job: Planned, versions: Mapping[str, str]) -> Packages | None:
    """The packages that the record of a job names; None without one, or where it is not of artifacts of `versions`."""
    path = Path(plan.beside("records", job.stage, ".json").format(**job.wildcards))
    try:
        packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        return None
    known = {name: version for name, version in versions.items() if name not in OWN}
    return packages if all(same(packages.get(name, ""), version) for name, version in known.items()) else None


def same(one: str, other: str) -> bool:
    """Whether two versions are one: the build that a library names (2.5.1+cu124) may be no part of its package's."""
    if "+" in one and "+" in other:
        return one == other
    return one.partition("+")[0] == other.partition("+")[0]


def environments(found: Mapping[str, Packages | None]) -> list[dict]:
    """Each set of packages with the artifacts made with it; last those without a record, with no packages."""
    grouped: dict[tuple, list[str]] = {}
    for path, packages in sorted(found.items()):
        grouped.setdefault(tuple((packages or {}).items()), []).append(path)
    sets = sorted(grouped.items(), key=lambda each: (not each[0], each[1]))
    return [{"packages": dict(items), "artifacts": paths} for items, paths in sets]


def lock(found: Mapping[str, Packages | None]) -> str:
    """Packages at their versions, one a line as pip reads it; what is not certain stands in comments.

    Args:
        found: The packages that each artifact was made with, where that is known.
    """
    sets = Counter(tuple(packages.items()) for packages in found.values() if packages)
    if not sets:
        return _text(OF_NOW, installed())
    first, *others = (dict(items) for items, _ in sets.most_common())
    unknown = [path for path, packages in found.items() if not packages]
    notes = [OF_THE_RUN, *(f"# Some artifacts were made with {_differing(first, other)}." for other in others)]
    notes += [f"# Of {len(unknown)} artifacts no record says so, the first {unknown[0]}."] if unknown else []
    return _text("\n".join(notes), first)


def _differing(usual: Packages, other: Packages) -> str:
    names = [name for name in sorted({*usual, *other}) if usual.get(name) != other.get(name)]
    return ", ".join(f"{name} {other[name]}" if name in other else f"no {name}" for name in names)


def _text(note: str, packages: Packages) -> str:
    return f"{note}\n" + "".join(f"{name}=={version}\n" for name, version in packages.items())
