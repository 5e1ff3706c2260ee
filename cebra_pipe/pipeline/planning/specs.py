"""The spec of each job: the fields of the study that its stage reads, and no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...data.sources import sources
from ...models.table import architecture
from ..config.binned import bins_spec
from ..config.condition import TrainingConfig
from ..config.effects import EFFECTS
from ..config.points import decoded_points
from ..config.recording import RecordingConfig
from ..config.study import Condition, decoded_labels, left_out
from ..jobs.seen import look
from .contents import files_of
from .exhibits import FIGURES, TABLES, about, listed, shown
from .layout import Layout, Wildcards


def _simulate_spec(plan: Layout, w: Wildcards) -> dict:
    entry = plan.study.config.recordings[w["recording"]]
    return {"simulate": entry.simulate.model_dump(), "minimum_rate": entry.select.minimum_rate}


def _load_spec(plan: Layout, w: Wildcards) -> dict:
    """The config of the recording, and its files by content: Snakemake's own checksums stop at a size."""
    config = plan.study.config
    entry = config.recordings[w["recording"]]
    files = {
        name: look(path, plan.notes).sha256
        for name, path in zip(sources(entry), files_of(plan.study, w["recording"]), strict=True)
    }
    return {"recording": filled(entry), "files": files}


def filled(entry: RecordingConfig) -> dict:
    """All options that the samples of a recording depend on, with their defaults: `given.Given` reads them."""
    return entry.model_dump(mode="json", exclude_none=True, exclude={"title"})


IDLE = ("delta", "time_offset", "minimum_temperature", "own_trial")  # where they have no effect


def _training(condition: Condition) -> dict:
    """The training options that have an effect in this condition."""
    idle = {option for option in IDLE if not EFFECTS[option][0](condition)}
    return condition.training.model_dump(include=set(TrainingConfig.model_fields) - idle)


def _fit_spec(plan: Layout, w: Wildcards) -> dict:
    return {**_fitting(plan, w), "seed": int(w["seed"])}


def _fit_together_spec(plan: Layout, w: Wildcards) -> dict:
    """Of all seeds of a condition."""
    return {**_fitting(plan, w), "seeds": list(plan.study.conditions[w["condition"]].seeds)}


def _fitting(plan: Layout, w: Wildcards) -> dict:
    """What is fitted, and how, whatever the seed."""
    condition, config = plan.study.conditions[w["condition"]], plan.study.config
    return {
        **_portion(plan, condition, w["unit"]),
        "sessions": list(condition.fitted[w["unit"]]),
        "training": _training(condition),
        "labels": dict(condition.labels),
        "positives": condition.positives,
        "hybrid": condition.hybrid,
        "control": condition.control,
        "fold": int(w["fold"]),
        "study_seed": config.seed,
        "device": config.device,
    }


def _portion(plan: Layout, condition: Condition, unit: str) -> dict:
    """What a fit to less data is given; nothing for any other."""
    one = condition.portions.get(unit)
    if one is None:
        return {}
    across = condition.training.windows == "across"
    of_time = {"stratify": plan.study.config.split.stratify, "across": across} if one.of == "minutes" else {}
    return {"portion": {"of": one.of, "share": one.share, **of_time}}


def _transform_spec(plan: Layout, w: Wildcards) -> dict:
    condition = plan.study.conditions[w["condition"]]
    models = [[fold, seed] for fold in range(plan.study.folds) for seed in condition.seeds]
    together = {"together": True} if condition.batched(w["unit"]) else {}
    return {"sessions": list(condition.fitted[w["unit"]]), "models": models, **together}


def _adapt_spec(plan: Layout, w: Wildcards) -> dict:
    """A fit of the recording that is left out, to shares of its training part."""
    condition, config = plan.study.conditions[w["condition"]], plan.study.config
    given, others, fit = condition.leave_one_out, condition.without[w["unit"]], _fit_spec(plan, w)
    own = {"steps": given.steps, "learning_rate": given.learning_rate or condition.training.learning_rate}
    return {
        **fit,
        "sessions": [left_out(w["unit"])],
        "training": fit["training"] | own,
        "shares": sorted(given.shares),
        "base": given.base if given.base in others else others[0],
        "stratify": config.split.stratify,
    }


def _transfer_spec(plan: Layout, w: Wildcards) -> dict:
    condition, config = plan.study.conditions[w["condition"]], plan.study.config
    members = (*condition.without[w["unit"]], left_out(w["unit"]))
    turned = condition.leave_one_out.alignment != "none"
    rotation = bins_spec(plan.study, config.align, members) if turned else None
    return {**_decoding(plan, condition, members), "rotation": rotation}


def _decode_spec(plan: Layout, w: Wildcards) -> dict:
    """Of a portion without the null: it is compared with the whole, not with chance."""
    condition = plan.study.conditions[w["condition"]]
    spec, given = _decoding(plan, condition, condition.fitted[w["unit"]]), _portion(plan, condition, w["unit"])
    return spec | given | ({"decode": spec["decode"] | {"null": 0}} if given else {})


def _decoding(plan: Layout, condition: Condition, members: tuple[str, ...]) -> dict:
    """What is decoded of the recordings of a model, and how."""
    config, points = plan.study.config, decoded_points(plan.study, members)
    return {
        "sessions": list(members),
        "decode": {
            **config.decode.model_dump(exclude={"shifts", "points"}),
            "labels": decoded_labels(plan.study, members),
            **({"points": points} if points else {}),
            "null": config.decode.shifts,
        },
        "metric": condition.training.similarity,
        "offset": list(architecture(condition.training.model, condition.training.causal).offset),
        "dimension": condition.training.output_dimension,
        "control": condition.control,
        "study_seed": config.seed,
    }


def _align_spec(plan: Layout, w: Wildcards) -> dict:
    condition, align = plan.study.conditions[w["condition"]], plan.study.config.align
    reference = align.reference if align.reference in condition.recordings else condition.recordings[0]
    return {
        "sessions": list(condition.recordings),
        "reference": reference,
        **bins_spec(plan.study, align, condition.recordings),
    }


def _consistency_spec(plan: Layout, w: Wildcards) -> dict:
    comparison = plan.study.comparisons[w["comparison"]]
    condition = plan.study.conditions[comparison.condition]
    sessions, fitted_by = condition.recordings, [] if condition.control else sorted(condition.labels)
    spec = {"between": comparison.between, "sessions": list(sessions), "study_seed": plan.study.config.seed}
    spec |= {"fitted_by": fitted_by}  # a control is fitted to other values of its labels than bins are made of
    if comparison.between == "recordings":
        spec |= {**bins_spec(plan.study, comparison, sessions), "null": comparison.shifts}
    else:
        spec |= {"labels": [], "bins": 0, "minimum": 0, "null": 0}
    return spec


def _figures_spec(plan: Layout, w: Wildcards) -> dict:
    return {"figure": w["figure"], **about(plan.study, FIGURES[w["figure"]][1], shown(plan.study, w["figure"]))}


def _tables_spec(plan: Layout, w: Wildcards) -> dict:
    return {"table": w["table"], **about(plan.study, TABLES[w["table"]][1], listed(plan.study, w["table"]))}


SPECS: Mapping[str, Callable[[Layout, Wildcards], dict]] = {
    "simulate": _simulate_spec,
    "load": _load_spec,
    "split": lambda plan, w: {"split": plan.study.config.split.model_dump()},
    "fit": _fit_spec,
    "fit_together": _fit_together_spec,
    "transform": _transform_spec,
    "adapt": _adapt_spec,
    "transfer": _transfer_spec,
    "decode": _decode_spec,
    "align": _align_spec,
    "consistency": _consistency_spec,
    "figures": _figures_spec,
    "tables": _tables_spec,
}
