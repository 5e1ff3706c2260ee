"""The input files of each job, by role."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..config.study import Condition, left_out
from .contents import files_of
from .exhibits import FIGURES, TABLES, listed, shown
from .layout import Layout, Wildcards


def _fit_inputs(plan: Layout, w: Wildcards) -> dict[str, list[str]]:
    return plan.recordings(plan.study.conditions[w["condition"]].fitted[w["unit"]])


def _transform_inputs(plan: Layout, w: Wildcards) -> dict[str, list[str]]:
    condition = plan.study.conditions[w["condition"]]
    return {**_fit_inputs(plan, w), "models": plan.fits(condition, "model", (w["unit"],))}


def _adapt_inputs(plan: Layout, w: Wildcards) -> dict[str, list[str]]:
    """The recording that is left out, and the model of the others."""
    return {**plan.recordings([left_out(w["unit"])]), "model": [plan.of_fit("fit", "model", **w)]}


def _transfer_inputs(plan: Layout, w: Wildcards) -> dict[str, list[str]]:
    """The others with their embedding, then the recording that is left out with its adapted ones."""
    condition = plan.study.conditions[w["condition"]]
    return {
        **plan.recordings((*condition.without[w["unit"]], left_out(w["unit"]))),
        "embedding": [plan.output("transform", "embedding", **w)],
        "adapted": plan.fits(condition, "adapted", (w["unit"],), "adapt"),
    }


def _decode_inputs(plan: Layout, w: Wildcards) -> dict[str, list[str]]:
    return {**_fit_inputs(plan, w), "embedding": [plan.output("transform", "embedding", **w)]}


def _align_inputs(plan: Layout, w: Wildcards) -> dict[str, list[str]]:
    condition = plan.study.conditions[w["condition"]]
    return {**plan.recordings(condition.recordings), "embeddings": plan.embeddings(condition)}


def _consistency_inputs(plan: Layout, w: Wildcards) -> dict[str, list[str]]:
    return _align_inputs(plan, {"condition": plan.study.comparisons[w["comparison"]].condition})


def _shown_inputs(plan: Layout, roles: tuple[str, ...], conditions: list[Condition]) -> dict[str, list[str]]:
    """Files by role for a figure or table over these conditions."""
    decoded = [(k.name, unit) for k in conditions for unit in k.units if plan.decodable(k.name, unit)]
    table = {
        **plan.recordings(list(plan.study.config.recordings)),
        "scores": [plan.output("decode", "scores", condition=c, unit=u) for c, u in decoded],
        "traces": [plan.output("decode", "traces", condition=c, unit=u) for c, u in decoded],
        "embeddings": [path for k in conditions for path in plan.embeddings(k)],
        "aligned": [plan.output("align", "aligned", condition=k.name) for k in conditions if k.name in plan.aligned],
        "histories": [path for k in conditions for path in plan.fits(k, "history")],
        "transfer": [
            plan.output("transfer", "transfer", condition=k.name, unit=u) for k in conditions for u in k.without
        ],
        "without_histories": [path for k in conditions for path in plan.fits(k, "history", k.without)],
        "adapted": [path for k in conditions for path in plan.fits(k, "adapted", k.without, "adapt")],
        "adapted_histories": [path for k in conditions for path in plan.fits(k, "history", k.without, "adapt")],
        "portion_scores": [
            plan.output("decode", "scores", condition=k.name, unit=unit)
            for k in conditions
            for unit in k.portions
            if plan.decodable(k.name, unit)
        ],
        "portion_histories": [path for k in conditions for path in plan.fits(k, "history", k.portions)],
        "consistency": [plan.output("consistency", "consistency", comparison=name) for name in plan.study.comparisons],
    }
    return {role: table[role] for role in roles if table[role]}


INPUTS: Mapping[str, Callable[[Layout, Wildcards], dict[str, list[str]]]] = {
    "simulate": lambda plan, w: {},
    "load": lambda plan, w: {"files": files_of(plan.study, w["recording"])},
    "split": lambda plan, w: {"recording": [plan.output("load", "recording", **w)]},
    "fit": _fit_inputs,
    "fit_together": _fit_inputs,
    "transform": _transform_inputs,
    "adapt": _adapt_inputs,
    "transfer": _transfer_inputs,
    "decode": _decode_inputs,
    "align": _align_inputs,
    "consistency": _consistency_inputs,
    "figures": lambda plan, w: _shown_inputs(plan, FIGURES[w["figure"]][0], shown(plan.study, w["figure"])),
    "tables": lambda plan, w: _shown_inputs(plan, TABLES[w["table"]][0], listed(plan.study, w["table"])),
}
