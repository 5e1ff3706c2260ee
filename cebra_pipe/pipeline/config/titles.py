"""Titles, by which figures and `show` tell conditions, recordings and comparisons apart."""

from __future__ import annotations

from ...errors import Problems
from .options import Study


def check_titles(study: Study, where: str, problems: Problems) -> None:
    """Adds a problem where two entries of a section share a title; the name stands for one that is left out."""
    sections = {name: getattr(study, name) or {} for name in ("conditions", "recordings", "comparisons")}
    for section, entries in sections.items():
        owners: dict[str, list[str]] = {}
        for name, entry in entries.items():
            owners.setdefault(entry.title or name, []).append(name)
        for title, names in owners.items():
            if len(names) > 1:
                places = ", ".join(f"{section}.{name}.title" for name in sorted(names))
                problems.add(f"{where}: {places}", "a title of its own", f"{title!r} of {len(names)}", "Change one.")
