"""What each figure and table shows: which conditions, read from which files, and what is said of them."""

from __future__ import annotations

from ...models.table import architecture
from ..config.refit import TESTED, pairs, primary, shared
from ..config.study import Condition, Resolved

# What each figure and table reads: files by role, and parts of the study.
_VERDICT = (
    (
        *("recordings", "splits", "scores", "histories", "embeddings", "consistency"),
        *("transfer", "without_histories", "adapted", "adapted_histories", "portion_scores", "portion_histories"),
    ),
    ("recordings", "conditions", "comparisons", "tests", "portions"),
)
_ENOUGH = (("scores", "histories", "portion_scores", "portion_histories"), ("recordings", "conditions", "portions"))
FIGURES = {
    "verdict": _VERDICT,
    "decoding": (("recordings", "splits", "scores", "traces"), ("recordings", "conditions", "color", "laps")),
    "embeddings": (("recordings", "splits", "embeddings", "aligned"), ("recordings", "conditions", "color")),
    "goodness_of_fit": (("histories",), ("recordings", "conditions")),
    "consistency": (("consistency",), ("recordings", "comparisons", "conditions")),
    "data": (("recordings", "splits"), ("recordings", "color")),
    "losses": (("histories",), ("recordings", "conditions")),
    "transfer": (("transfer",), ("recordings", "conditions")),
    "enough_data": _ENOUGH,
}
TABLES = {
    "verdict": _VERDICT,
    "recordings": (("recordings", "splits"), ("recordings",)),
    "decoding": (("scores",), ("recordings", "conditions")),
    "goodness_of_fit": (("histories",), ("recordings", "conditions")),
    "consistency": (("consistency",), ("comparisons",)),
    "tests": (("scores", "histories"), ("recordings", "conditions", "tests")),
    "differences": (("scores",), ("recordings", "conditions")),
    "population": (("recordings", "scores"), ("recordings", "conditions")),
    "transfer": (("transfer",), ("recordings", "conditions")),
    "enough_data": _ENOUGH,
}


def listed(study: Resolved, table: str) -> list[Condition]:
    """The conditions of a table: all, or those that have what it is of."""
    of = {"enough_data": lambda k: k.portions, "transfer": lambda k: k.without}.get(table, lambda k: True)
    return [k for k in study.conditions.values() if of(k)]


def shown(study: Resolved, figure: str) -> list[Condition]:
    """The conditions of a figure: all, those compared, or for embeddings the main one and its shifted control."""
    conditions = list(study.conditions.values())
    if figure == "consistency":
        compared = {entry.condition for entry in study.comparisons.values()}
        return [k for k in conditions if k.name in compared]
    if figure == "transfer":
        return [k for k in conditions if k.without]
    if figure == "enough_data":
        return [k for k in conditions if k.portions]
    if figure != "embeddings":
        return conditions
    real = [k for k in conditions if not k.control]
    single = [k for k in real if all(len(members) == 1 for members in k.units.values())]
    main = next((k for k in single if k.labels and not k.hybrid), (single or real or conditions)[0])
    control = [
        k for k in conditions if k.control == "circular_shift" and k.labels == main.labels and k.units == main.units
    ]
    return [main, *control[:1]]


def _of_condition(condition: Condition) -> dict:
    """What figures and tables say of a condition."""
    about = {
        "title": condition.title,
        "labels": list(condition.labels),
        "positives": condition.positives,
        "hybrid": condition.hybrid,
        "control": condition.control,
        "units": [{"name": unit, "recordings": list(members)} for unit, members in condition.units.items()],
        "seeds": list(condition.seeds),
        "temperature": condition.training.temperature,
        "similarity": condition.training.similarity,
        "dimension": condition.training.output_dimension,
        "windows": condition.training.windows,
        **_draws(condition),
    }
    without = [{"name": unit, "recordings": list(members)} for unit, members in condition.without.items()]
    return about | ({"without": without} if without else {})


def _draws(condition: Condition) -> dict:
    """What else decides of which distribution positives are, and on which samples a fit is scored."""
    training, timed = condition.training, condition.hybrid or condition.positives in ("time", "time_delta")
    return {
        "window": len(architecture(training.model, training.causal).offset),
        "weights": list(condition.labels.values()),
        **({"time_offset": training.time_offset} if timed else {}),
        **({"own_trial": True} if training.own_trial and condition.labels else {}),
        **({"delta": training.delta} if condition.positives == "delta_normal" else {}),
    }


def _portions(conditions: list[Condition]) -> list[dict]:
    """The fits to less data. No part of a condition: what does not show them is not made anew by them."""
    return [
        {"condition": k.name, "name": name, "unit": one.unit, "of": one.of, "share": one.share}
        for k in conditions
        for name, one in k.portions.items()
    ]


def _tests(study: Resolved) -> dict:
    """Each control with its condition, and which of their scores are primary."""
    named = primary(study)
    found = [
        {
            "condition": pair.real.name,
            "control": pair.control.name,
            "kind": pair.control.control,
            "scores": list(TESTED[pair.control.control]),
            "primary": [score for other, test in named if other.names == pair.names for score in test.scores],
        }
        for pair in {pair.names: pair for pair in [*(pair for pair, _ in named), *pairs(study)]}.values()
    ]
    alpha = study.config.primary_tests.alpha if named else None
    return {"alpha": alpha, "shared": shared(named), "pairs": found}


def _compared(study: Resolved, name: str) -> str:
    """What a comparison is called: as its condition is, it says where windows cross borders."""
    entry = study.comparisons[name]
    across = study.conditions[entry.condition].training.windows == "across"
    return f"{entry.title or name}{', windows across borders' * across}"


def about(study: Resolved, parts: tuple[str, ...], conditions: list[Condition]) -> dict:
    """The parts of the study that a figure or table reads.

    Lists, not mappings: canonical JSON sorts keys, and the order of the config is the order of what is shown.
    """
    config = study.config
    colors = study.usual_labels(tuple(config.recordings))
    kinds = {study.labels(next(iter(config.recordings)))[name].kind: name for name in colors}
    table = {
        "recordings": [{"name": name, "title": entry.title or name} for name, entry in config.recordings.items()],
        "conditions": [{"name": k.name, **_of_condition(k)} for k in conditions],
        "portions": _portions(conditions),
        "comparisons": [
            {"name": name, "title": _compared(study, name), "condition": entry.condition, "between": entry.between}
            for name, entry in study.comparisons.items()
        ],
        "color": {"continuous": kinds.get("continuous"), "discrete": kinds.get("discrete")},
        "laps": config.figures.laps,
        "tests": _tests(study),
    }
    return {"title": config.title or config.study, **{part: table[part] for part in parts}}
