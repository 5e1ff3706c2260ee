"""Tables of a study in few lines, as `cebra-pipe show` prints them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..errors import counted
from ..plot.judged import spelled

BASELINE = "baseline: "
WIDE = 120  # columns of a line that is read at once
ROUNDING = 1e-4  # share of an interval below which a difference is no difference
NULLS = (
    "Decoder null: does the decoder on this embedding beat shifted labels? Refit null: does training on these labels\n"
    "score better than training on shifted ones? Where both have a p, the verdict follows the larger one, of a\n"
    "primary test's refits the corrected one; where one alone has a p, it is that."
)


# ---- decoding --------------------------------------------------------------------------------------------------------
def decoding(rows: Sequence[Mapping]) -> Iterator[str]:
    """One small table a label: held-out score of each method (rows) in each recording (columns)."""
    if not rows:
        return
    recordings = list(dict.fromkeys(row["title"] for row in rows))
    for label, metric, unit in dict.fromkeys((r["label"], r["metric"], r["unit"]) for r in rows):
        mine = [r for r in rows if (r["label"], r["metric"], r["unit"]) == (label, metric, unit)]
        named: dict[tuple[str, str], Mapping] = {}
        for row in mine:  # the first condition's baselines: those of a control decode what it made of the labels
            named.setdefault((name_of(row), row["title"]), row)
        yield f"\nHeld-out {label}, {metric.replace('_', ' ')}{f' ({unit})' if unit else ''}:"
        width = max(len(name) for name, _ in named)
        yield f"  {'':{width}s}" + "".join(f"{title:>16.15s}" for title in recordings)
        for name in sorted(dict.fromkeys(name for name, _ in named), key=lambda name: name.startswith(BASELINE)):
            cells = (cell(named.get((name, title))) for title in recordings)
            yield f"  {name:{width}s}" + "".join(f"{text:>16s}" for text in cells)
        yield from _undecoded(mine)
    yield from _other_samples(rows)
    yield "\np is of the decoder null: circular shifts of the label against the decoded trace. Whether fits to shifted"
    yield "labels do as well is another question, that of the refit null (tests, verdict)."
    yield from _independent(rows)
    yield "A control is fitted to and scored against its own transformed labels."
    if any(row["unit"] != row["label_unit"] for row in rows):
        yield "Errors of a label in m are given in cm, here and in every table."


def _undecoded(rows: Sequence[Mapping]) -> Iterator[str]:
    """Why a baseline has no score, by the recordings in which it has none."""
    why: dict[tuple[str, str], dict[str, None]] = {}
    for row in (row for row in rows if row["score"] is None and row["method"] != "embedding" and row["note"]):
        why.setdefault((row["method_title"], row["note"]), {})[row["title"]] = None
    every = {row["title"] for row in rows}
    for (method, note), titles in why.items():
        where = "" if every <= set(titles) else f" in {', '.join(titles)}"
        yield f"  -: {method}{where}: {note}"


def _other_samples(rows: Sequence[Mapping]) -> Iterator[str]:
    """Conditions whose windows leave them other test samples than the first one has."""
    sizes: dict[str, dict[int, list[str]]] = {}
    for row in (row for row in rows if row["method"] == "embedding"):
        sizes.setdefault(row["title"], {}).setdefault(row["n_test"], []).append(row["condition_title"])
    for title, found in sizes.items():
        if len(found) > 1:
            listed = "; ".join(f"{', '.join(dict.fromkeys(names))} on {n}" for n, names in found.items())
            yield f"  {title}: these scores do not compare, their test samples are others: {listed}"


def _independent(rows: Sequence[Mapping]) -> Iterator[str]:
    """How many of its shifts a p rests on: neighbouring ones are nearly one."""
    least: dict[str, dict[str, float]] = {}
    for row in (row for row in rows if row["p"] is not None and row["null_effective"] is not None):
        mine = least.setdefault(row["label"], {})
        mine[row["title"]] = min(row["null_effective"], mine.get(row["title"], row["null_effective"]))
    for label, mine in least.items():
        listed = ", ".join(f"{title} {number:.0f}" for title, number in mine.items())
        yield f"Of all shifts of {label} about so many are independent: {listed}."


def name_of(row: Mapping) -> str:
    """A condition by its title; a baseline, which every condition scores on its own samples, by its own."""
    return row["condition_title"] if row["method"] == "embedding" else f"{BASELINE}{row['method_title']}"


def cell(row: Mapping | None) -> str:
    """Score and p of the decoder null."""
    if row is None or row["score"] is None:
        return "-"
    p = f" p={row['p']:.3f}" if row["p"] is not None and row["method"] != "constant" else ""
    return f"{row['score']:.3g}{p}"


# ---- tests and differences -------------------------------------------------------------------------------------------
def tests(rows: Sequence[Mapping]) -> Iterator[str]:
    """One line a primary test."""
    for number, row in enumerate(row for row in rows if row["primary"] == "yes"):
        if not number:
            yield f"\nPrimary tests, corrected over the family ({row['correction']}), alpha {row['alpha']:g}:"
        what = " ".join(text for text in (row["score"], row["label"]) if text)
        found = f"{row['real']:.3g} {row['unit']} (null {row['null_median']:.3g}, n = {row['null_n']})"
        p = spelled(row["note"], row["null_n"], "refit")
        if row["p_corrected"] is not None:
            p = f"p={row['p']:.3f} corrected {row['p_corrected']:.3f}"
        yield f"  {row['condition']} against {row['control']}, {row['title']}, {what}: {found} {p}"


def differences(rows: Sequence[Mapping]) -> Iterator[str]:
    """One line a label and pair: embeddings with each other and with naive Bayes; the table has all."""
    pairs: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        if row["low"] is not None and row["other_method"] in ("embedding", "naive_bayes"):
            other = row["other_condition"] if row["other_method"] == "embedding" else row["other_method_title"]
            unit = f" ({row['unit']})" if row["unit"] else ""
            key = (f"{row['label']}{unit}", row["condition"], other)
            mean, low, high = _plain(row["difference"], row["low"], row["high"])
            pairs.setdefault(key, []).append(f"{row['title']} {mean:+.3g} [{low:.3g}, {high:.3g}]")
    if pairs:
        yield "\nDifferences, paired by test trial, with 95 % intervals over trials:"
    yield from (f"  {label}: {one} - {other}: {', '.join(cells)}" for (label, one, other), cells in pairs.items())


def _plain(*numbers: float) -> list[float]:
    """0 for what is nothing beside the largest: scores of labels of few values differ by what rounding leaves."""
    least = ROUNDING * max(map(abs, numbers))
    return [0.0 if abs(number) < least else number for number in numbers]


def population(rows: Sequence[Mapping]) -> Iterator[str]:
    """One line a condition and label of an embedding; from five recordings on, since fewer have no interval."""
    mine = [row for row in rows if row["low"] is not None and row["method"] == "embedding"]
    if mine:
        yield "\nOver recordings, mean with its 95 % interval:"
    for row in mine:
        interval = f"{row['mean']:.3g} {row['unit']} [{row['low']:.3g}, {row['high']:.3g}]"
        yield f"  {row['label']}, {row['condition_title']}: {interval}, {counted(row['recordings'], 'recording')}"


# ---- recordings that were left out -----------------------------------------------------------------------------------
def transfer(rows: Sequence[Mapping]) -> Iterator[str]:
    """One small table a condition and label: each method and share (rows) in each recording left out (columns)."""
    recordings = list(dict.fromkeys(row["title"] for row in rows))
    keys = dict.fromkeys((r["condition_title"], r["label"], r["metric"], r["unit"]) for r in rows)
    for condition, label, metric, unit in keys:
        mine = [r for r in rows if (r["condition_title"], r["label"], r["metric"]) == (condition, label, metric)]
        named = {(f"{r['method_title']}, {100 * r['share']:.3g} %", r["title"]): r for r in mine}
        what = f"{metric.replace('_', ' ')}{f' ({unit})' if unit else ''}"
        yield f"\n{condition}, recording left out and share of its training part used: {label}, {what}:"
        width = max(len(name) for name, _ in named)
        yield f"  {'':{width}s}" + "".join(f"{title:>16.15s}" for title in recordings)
        for name in dict.fromkeys(name for name, _ in named):
            cells = (cell(named.get((name, title))) for title in recordings)
            yield f"  {name:{width}s}" + "".join(f"{text:>16s}" for text in cells)
    for note in dict.fromkeys(row["note"] for row in rows if row["score"] is None and row["note"]):
        yield f"-: {note}"


# ---- amounts of data -------------------------------------------------------------------------------------------------
def enough_data(rows: Sequence[Mapping]) -> Iterator[str]:
    """One line a score, recording and kind of data: the score by rising amounts of it, and whether it still rises."""
    curves: dict[tuple[str, ...], list[Mapping]] = {}
    for row in rows:
        names = ("condition_title", "unit_of_fit", "title", "score", "label", "of")
        curves.setdefault(tuple(row[name] for name in names), []).append(row)
    if curves:
        yield "\nEnough data? Held-out scores by amount of data, the last with all of it:"
    for (condition, _, title, score, label, of), mine in curves.items():
        steps = ", ".join(f"{'-' if r['real'] is None else format(r['real'], '.3g')} at {r[of]:.3g}" for r in mine)
        unit = f" ({mine[0]['unit']})" if score == "decoding" and mine[0]["unit"] else ""
        what = f"bits of {label}" if score == "bits" else f"{label}{unit}"
        yield f"  {condition}, {title}, {what} by {of}: {steps}: {mine[-1]['verdict']}"


# ---- verdict ---------------------------------------------------------------------------------------------------------
def verdict(rows: Sequence[Mapping]) -> Iterator[str]:
    """One line a condition and recording or comparison: its scores by verdict, and what bears on them."""
    fits: dict[tuple[str, str, str], list[Mapping]] = {}
    for row in rows:
        fits.setdefault((row["condition_title"], row["unit_of_fit"], row["title"]), []).append(row)
    if fits:
        yield "\nVerdict on held-out scores:"
    for (condition, _, title), mine in fits.items():
        told: dict[str, list[str]] = {}
        for row in mine:
            told.setdefault(spelled(row["verdict"], row["null_n"], row["null"]), []).append(_score(row))
        parts = [f"{text} ({', '.join(scores)})" for text, scores in told.items()]
        doubts = dict.fromkeys(doubt for row in mine for doubt in row["doubts"].split("; ") if doubt)
        yield _laid_out(f"  {condition}, {title}:", [*parts, *_cautions(mine[0]), *doubts])
        yield from (f"    {_score(row)}: {row['in_words']}" for row in mine if row["nulls_agree"] == "no")
    if any(map(_has_both, rows)):
        yield NULLS


def _laid_out(head: str, parts: Sequence[str]) -> str:
    """All on one line where it is short enough to be read, else a line each."""
    line = f"{head} {'; '.join(parts)}"
    return line if len(line) <= WIDE else "\n    ".join([head, *parts])


def _has_both(row: Mapping) -> bool:
    return row["decoder_p"] is not None and row["refit_p"] is not None


def _score(row: Mapping) -> str:
    label = row["label"]
    named = {"bits": f"bits of {label}", "consistency": "R²", "transfer": f"{label} by the others' decoder"}
    return named.get(row["score"], label)


def _cautions(row: Mapping) -> Iterator[str]:
    if row["converged"] not in ("yes", ""):
        yield f"converged: {row['converged']}, {row['ending']}"
    if row["collapsed"] not in ("no", ""):
        yield f"collapsed: {row['collapsed']}"
    if row["too_near"]:
        yield f"parts come within {row['apart_s']:.3g} s, below two autocorrelation times of {row['too_near']}"


BOARDS: Mapping[str, Callable[[Sequence[Mapping]], Iterator[str]]] = {
    "decoding": decoding,
    "tests": tests,
    "differences": differences,
    "population": population,
    "transfer": transfer,
    "enough_data": enough_data,
    "verdict": verdict,
}
