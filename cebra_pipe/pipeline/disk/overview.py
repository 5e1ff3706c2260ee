"""How the jobs of a study stand, one line a rule and condition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

# What a job is called of whose files one is so, the first that holds.
WORST = ("running", "damaged", "missing", "outdated", "other versions", "current")
DONE = ("current", "other versions")


@dataclass(frozen=True)
class Standing:
    """One job: its rule and condition, the worst state of its files, and why it is outdated."""

    stage: str
    condition: str  # empty of rules that are of no condition
    state: str
    why: str = ""


def standing(stage: str, wildcards: Mapping[str, str], files: Iterable[tuple[str, str]]) -> Standing:
    """files: (state, why) of each of the job's outputs."""
    found = list(files)
    worst = min((state for state, _ in found), key=WORST.index)
    reasons = dict.fromkeys(why for state, why in found if state == worst == "outdated")
    return Standing(stage, wildcards.get("condition", ""), worst, "; ".join(reasons))


def lines(jobs: Sequence[Standing]) -> Iterator[str]:
    """A head, then of each rule and condition how many jobs there are, how many are done, and how the others stand."""
    groups: dict[tuple[str, str], list[Standing]] = {}
    for job in jobs:
        groups.setdefault((job.stage, job.condition), []).append(job)
    rows = [("rule", "condition", "jobs", "done", "")]
    for (stage, condition), mine in groups.items():
        done = sum(job.state in DONE for job in mine)
        rows.append((stage, condition, str(len(mine)), str(done), _others(mine)))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for stage, condition, number, done, others in rows:
        cells = f"{stage:{widths[0]}s}  {condition:{widths[1]}s}  {number:>{widths[2]}s}  {done:>{widths[3]}s}"
        yield f"{cells}  {others}".rstrip()


def _others(mine: Sequence[Standing]) -> str:
    """Jobs that are not done by state and reason; of those that are, how many were made under other versions."""
    counts = Counter((job.state, job.why) for job in mine if job.state != "current")
    ordered = sorted(counts.items(), key=lambda each: (WORST.index(each[0][0]), each[0][1]))
    return ", ".join(f"{number} {state}{f' ({why})' if why else ''}" for (state, why), number in ordered)
