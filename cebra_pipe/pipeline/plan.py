"""From a study to its jobs: which files each stage reads and writes, and the one spec it gets.

The Snakefile, `cebra-pipe status` and `cebra-pipe check` all read this; nothing else knows a path.
A spec holds the fields that its stage reads and no others, so that a change reruns what it reaches and nothing more.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..data.assemble import sources
from ..errors import Problems
from ..models.table import MODELS
from .config import TrainingConfig
from .job import canonical
from .study import Condition, Resolved, shared_labels

Wildcards = Mapping[str, str]


# stage -> where its outputs lie below the study's folder, by role (the roles are those of `roles.ROLES`)
STAGES: Mapping[str, Mapping[str, str]] = {
    "simulate": {"recording": "recordings/{recording}.parquet"},
    "load": {"recording": "recordings/{recording}.parquet"},
    "split": {"split": "splits/{recording}.parquet"},
    "fit": {
        "model": "fits/{condition}/{unit}/fold{fold}/seed{seed}/model.pt",
        "history": "fits/{condition}/{unit}/fold{fold}/seed{seed}/history.parquet",
    },
    "transform": {"embedding": "embeddings/{condition}/{unit}.parquet"},
    "decode": {"scores": "decoding/{condition}/{unit}.parquet", "traces": "decoding/{condition}/{unit}.traces.parquet"},
    "align": {"aligned": "aligned/{condition}.parquet"},
    "consistency": {"consistency": "consistency/{comparison}.parquet"},
    "figures": {kind: f"figures/{{figure}}.{kind}" for kind in ("png", "svg", "csv")},
    "tables": {"csv": "tables/{table}.csv", "json": "tables/{table}.json"},
}

# What each figure and table reads: files by role, and parts of the study.
FIGURES = {
    "decoding": (("recordings", "splits", "scores", "traces"), ("recordings", "conditions", "color", "laps")),
    "embeddings": (("recordings", "splits", "embeddings", "aligned"), ("recordings", "conditions", "color")),
    "goodness_of_fit": (("histories",), ("recordings", "conditions")),
    "consistency": (("consistency",), ("recordings", "comparisons", "conditions")),
    "data": (("recordings", "splits"), ("recordings", "color")),
    "losses": (("histories",), ("recordings", "conditions")),
}
TABLES = {
    "recordings": (("recordings", "splits"), ("recordings",)),
    "decoding": (("scores",), ("recordings", "conditions")),
    "goodness_of_fit": (("histories",), ("recordings", "conditions")),
    "consistency": (("consistency",), ("comparisons",)),
}


@dataclass(frozen=True)
class Planned:
    """One job of the study."""

    stage: str
    wildcards: Wildcards
    inputs: Mapping[str, list[str]]
    outputs: Mapping[str, str]
    spec: str  # canonical JSON


@dataclass(frozen=True, eq=False)
class Plan:
    """All jobs of a study."""

    study: Resolved

    @cached_property
    def root(self) -> str:
        """The study's folder, as the paths of its artifacts start."""
        return os.path.join(self.study.config.results, self.study.config.study)

    # ---- names -------------------------------------------------------------------------------------------------------
    @property
    def simulated(self) -> list[str]:
        return [name for name, entry in self.study.config.recordings.items() if entry.simulate]

    @property
    def loaded(self) -> list[str]:
        return [name for name, entry in self.study.config.recordings.items() if not entry.simulate]

    @cached_property
    def aligned(self) -> list[str]:
        """Conditions whose recordings are rotated onto one: several, of one rate, with labels to bin by."""
        align = self.study.config.align
        return [
            name
            for name, k in self.study.conditions.items()
            if len(k.recordings) > 1
            and len(self.study.rates(k.recordings)) < 2
            and self.study.has_bins(align.labels, k.recordings)
            and not k.control
        ]

    @cached_property
    def figures(self) -> list[str]:
        """The figures that this study has something to show in."""
        return [name for name in self.study.config.figures.figures if name != "consistency" or self.study.comparisons]

    @cached_property
    def tables(self) -> list[str]:
        return [name for name in TABLES if name != "consistency" or self.study.comparisons]

    # ---- paths -------------------------------------------------------------------------------------------------------
    def path(self, pattern: str, **wildcards: object) -> str:
        return os.path.join(self.root, pattern.format(**wildcards))

    def output(self, stage: str, role: str, **wildcards: object) -> str:
        return self.path(STAGES[stage][role], **wildcards)

    def pattern(self, stage: str, role: str) -> str:
        """The output of a stage with its wildcards left open."""
        return os.path.join(self.root, STAGES[stage][role])

    def beside(self, kind: str, stage: str, suffix: str) -> str:
        """The log, benchmark or record of a job: the tree of its first output under another root."""
        first = next(iter(STAGES[stage].values()))
        return os.path.join(self.root, kind, os.path.splitext(first)[0] + suffix)

    def threads(self, condition: str) -> int:
        return self.study.conditions[condition].training.threads

    def recordings(self, names: tuple[str, ...] | list[str]) -> dict[str, list[str]]:
        """The recordings and splits of these names, as two roles."""
        return {
            "recordings": [self.output("load", "recording", recording=name) for name in names],
            "splits": [self.output("split", "split", recording=name) for name in names],
        }

    def fits(self, condition: Condition, role: str, units: tuple[str, ...] | None = None) -> list[str]:
        return [
            self.output("fit", role, condition=condition.name, unit=unit, fold=fold, seed=seed)
            for unit in units or condition.units
            for fold in range(self.study.folds)
            for seed in condition.seeds
        ]

    def embeddings(self, condition: Condition) -> list[str]:
        return [self.output("transform", "embedding", condition=condition.name, unit=unit) for unit in condition.units]

    # ---- per stage ---------------------------------------------------------------------------------------------------
    def inputs(self, stage: str, wildcards: Wildcards) -> dict[str, list[str]]:
        return INPUTS[stage](self, wildcards)

    def spec(self, stage: str, wildcards: Wildcards) -> str:
        """Canonical JSON of what the stage reads."""
        return canonical({"stage": stage, **SPECS[stage](self, wildcards)})

    def outputs(self, stage: str, wildcards: Wildcards) -> dict[str, str]:
        return {role: self.output(stage, role, **wildcards) for role in STAGES[stage]}

    def instances(self, stage: str) -> Iterator[dict[str, str]]:
        """The wildcards of every job of a stage."""
        conditions = self.study.conditions.items()
        pairs = [{"condition": name, "unit": unit} for name, k in conditions for unit in k.units]
        table: dict[str, Callable[[], list[dict]]] = {
            "simulate": lambda: [{"recording": name} for name in self.simulated],
            "load": lambda: [{"recording": name} for name in self.loaded],
            "split": lambda: [{"recording": name} for name in self.study.config.recordings],
            "fit": lambda: [
                {**pair, "fold": str(fold), "seed": str(seed)}
                for pair in pairs
                for fold in range(self.study.folds)
                for seed in self.study.conditions[pair["condition"]].seeds
            ],
            "transform": lambda: pairs,
            "decode": lambda: [pair for pair in pairs if self.decodable(pair["condition"])],
            "align": lambda: [{"condition": name} for name in self.aligned],
            "consistency": lambda: [{"comparison": name} for name in self.study.comparisons],
            "figures": lambda: [{"figure": name} for name in self.figures],
            "tables": lambda: [{"table": name} for name in self.tables],
        }
        yield from table[stage]()

    def decodable(self, condition: str) -> bool:
        return bool(decoded_labels(self.study, self.study.conditions[condition].recordings))

    def jobs(self) -> Iterator[Planned]:
        """Every job of the study, upstream first."""
        for stage in STAGES:
            for wildcards in self.instances(stage):
                yield Planned(
                    stage,
                    wildcards,
                    self.inputs(stage, wildcards),
                    self.outputs(stage, wildcards),
                    self.spec(stage, wildcards),
                )

    def targets(self) -> list[str]:
        """Everything that the study is to end with."""
        ends = ("decode", "align", "consistency", "figures", "tables")
        jobs = [self.outputs(stage, wildcards) for stage in ends for wildcards in self.instances(stage)]
        embeddings = [path for k in self.study.conditions.values() for path in self.embeddings(k)]
        return [path for outputs in jobs for path in outputs.values()] + embeddings


def decoded_labels(study: Resolved, recordings: tuple[str, ...]) -> list[str]:
    """The labels that are decoded: those of the config, else all that the recordings share."""
    shared = shared_labels(study, recordings)
    return [name for name in study.config.decode.labels or shared if name in shared]


# ---- inputs ----------------------------------------------------------------------------------------------------------
def _fit_inputs(plan: Plan, w: Wildcards) -> dict[str, list[str]]:
    return plan.recordings(plan.study.conditions[w["condition"]].units[w["unit"]])


def _transform_inputs(plan: Plan, w: Wildcards) -> dict[str, list[str]]:
    condition = plan.study.conditions[w["condition"]]
    return {**_fit_inputs(plan, w), "models": plan.fits(condition, "model", (w["unit"],))}


def _decode_inputs(plan: Plan, w: Wildcards) -> dict[str, list[str]]:
    return {**_fit_inputs(plan, w), "embedding": [plan.output("transform", "embedding", **w)]}


def _align_inputs(plan: Plan, w: Wildcards) -> dict[str, list[str]]:
    condition = plan.study.conditions[w["condition"]]
    return {**plan.recordings(condition.recordings), "embeddings": plan.embeddings(condition)}


def _consistency_inputs(plan: Plan, w: Wildcards) -> dict[str, list[str]]:
    return _align_inputs(plan, {"condition": plan.study.comparisons[w["comparison"]].condition})


def _shown_inputs(plan: Plan, roles: tuple[str, ...], conditions: list[Condition]) -> dict[str, list[str]]:
    """Files by role for a figure or table over these conditions."""
    decoded = [(k.name, unit) for k in conditions if plan.decodable(k.name) for unit in k.units]
    table = {
        **plan.recordings(list(plan.study.config.recordings)),
        "scores": [plan.output("decode", "scores", condition=c, unit=u) for c, u in decoded],
        "traces": [plan.output("decode", "traces", condition=c, unit=u) for c, u in decoded],
        "embeddings": [path for k in conditions for path in plan.embeddings(k)],
        "aligned": [plan.output("align", "aligned", condition=k.name) for k in conditions if k.name in plan.aligned],
        "histories": [path for k in conditions for path in plan.fits(k, "history")],
        "consistency": [plan.output("consistency", "consistency", comparison=name) for name in plan.study.comparisons],
    }
    return {role: table[role] for role in roles if table[role]}


def _shown(plan: Plan, figure: str) -> list[Condition]:
    """The conditions of a figure: all, those compared, or for embeddings the main one and its shifted control."""
    conditions = list(plan.study.conditions.values())
    if figure == "consistency":
        compared = {entry.condition for entry in plan.study.comparisons.values()}
        return [k for k in conditions if k.name in compared]
    if figure != "embeddings":
        return conditions
    real = [k for k in conditions if not k.control]
    single = [k for k in real if all(len(members) == 1 for members in k.units.values())]
    main = next((k for k in single if k.labels and not k.hybrid), (single or real or conditions)[0])
    control = [
        k for k in conditions if k.control == "circular_shift" and k.labels == main.labels and k.units == main.units
    ]
    return [main, *control[:1]]


INPUTS: Mapping[str, Callable[[Plan, Wildcards], dict[str, list[str]]]] = {
    "simulate": lambda plan, w: {},
    "load": lambda plan, w: {"files": _files(plan, w["recording"])},
    "split": lambda plan, w: {"recording": [plan.output("load", "recording", **w)]},
    "fit": _fit_inputs,
    "transform": _transform_inputs,
    "decode": _decode_inputs,
    "align": _align_inputs,
    "consistency": _consistency_inputs,
    "figures": lambda plan, w: _shown_inputs(plan, FIGURES[w["figure"]][0], _shown(plan, w["figure"])),
    "tables": lambda plan, w: _shown_inputs(plan, TABLES[w["table"]][0], list(plan.study.conditions.values())),
}


def _files(plan: Plan, recording: str) -> list[str]:
    folder = plan.study.config.data_folder
    return [os.path.join(folder, name) for name in sources(plan.study.config.recordings[recording])]


# ---- specs -----------------------------------------------------------------------------------------------------------
def _simulate_spec(plan: Plan, w: Wildcards) -> dict:
    entry = plan.study.config.recordings[w["recording"]]
    return {"simulate": entry.simulate.model_dump(), "minimum_rate": entry.select.minimum_rate}


def _load_spec(plan: Plan, w: Wildcards) -> dict:
    """The config of the recording, and its files by content: Snakemake's own checksums stop at a size."""
    config = plan.study.config
    entry = config.recordings[w["recording"]]
    files = {name: content_hash(os.path.join(config.data_folder, name), plan.root) for name in sources(entry)}
    dump = entry.model_dump(mode="json", exclude_defaults=True, by_alias=True, exclude={"title"})
    return {"recording": dump, "files": files, "data_folder": config.data_folder}


def _training(condition: Condition) -> dict:
    """The training options that have an effect in this condition."""
    fields = set(TrainingConfig.model_fields)
    if condition.positives != "delta_normal":
        fields -= {"delta"}
    if condition.positives not in ("time", "time_delta") and not condition.hybrid:
        fields -= {"time_offset"}
    if not condition.training.learn_temperature:
        fields -= {"minimum_temperature"}
    return condition.training.model_dump(include=fields)


def _fit_spec(plan: Plan, w: Wildcards) -> dict:
    condition, config = plan.study.conditions[w["condition"]], plan.study.config
    return {
        "sessions": list(condition.units[w["unit"]]),
        "training": _training(condition),
        "labels": dict(condition.labels),
        "positives": condition.positives,
        "hybrid": condition.hybrid,
        "control": condition.control,
        "fold": int(w["fold"]),
        "seed": int(w["seed"]),
        "study_seed": config.seed,
        "device": config.device,
    }


def _transform_spec(plan: Plan, w: Wildcards) -> dict:
    condition = plan.study.conditions[w["condition"]]
    models = [[fold, seed] for fold in range(plan.study.folds) for seed in condition.seeds]
    return {"sessions": list(condition.units[w["unit"]]), "models": models, "device": plan.study.config.device}


def _decode_spec(plan: Plan, w: Wildcards) -> dict:
    condition, config = plan.study.conditions[w["condition"]], plan.study.config
    return {
        "sessions": list(condition.units[w["unit"]]),
        "decode": {
            **config.decode.model_dump(exclude={"shifts"}),
            "labels": decoded_labels(plan.study, condition.recordings),
            "null": config.decode.shifts,
        },
        "metric": condition.training.similarity,
        "offset": list(MODELS[condition.training.model].offset),
        "dimension": condition.training.output_dimension,
        "control": condition.control,
        "study_seed": config.seed,
    }


def _align_spec(plan: Plan, w: Wildcards) -> dict:
    condition, align = plan.study.conditions[w["condition"]], plan.study.config.align
    reference = align.reference if align.reference in condition.recordings else condition.recordings[0]
    return {
        "sessions": list(condition.recordings),
        "reference": reference,
        "labels": plan.study.bin_labels(align.labels, condition.recordings),
        "bins": align.bins,
        "minimum": align.minimum,
    }


def _consistency_spec(plan: Plan, w: Wildcards) -> dict:
    comparison = plan.study.comparisons[w["comparison"]]
    sessions = plan.study.conditions[comparison.condition].recordings
    spec = {"between": comparison.between, "sessions": list(sessions), "study_seed": plan.study.config.seed}
    if comparison.between == "recordings":
        labels = plan.study.bin_labels(comparison.labels, sessions)
        spec |= {"labels": labels, "bins": comparison.bins, "minimum": comparison.minimum, "null": comparison.shifts}
    else:
        spec |= {"labels": [], "bins": 0, "minimum": 0, "null": 0}
    return spec


def _about(condition: Condition) -> dict:
    """What figures and tables say of a condition."""
    return {
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
    }


def _shown_spec(plan: Plan, parts: tuple[str, ...], conditions: list[Condition]) -> dict:
    """The parts of the study that a figure or table reads.

    Lists, not mappings: canonical JSON sorts keys, and the order of the config is the order of what is shown.
    """
    config, study = plan.study.config, plan.study
    colors = study.bin_labels(None, tuple(config.recordings))
    kinds = {study.labels(next(iter(config.recordings)))[name].kind: name for name in colors}
    table = {
        "recordings": [{"name": name, "title": entry.title or name} for name, entry in config.recordings.items()],
        "conditions": [{"name": k.name, **_about(k)} for k in conditions],
        "comparisons": [
            {"name": name, "title": entry.title or name, "condition": entry.condition, "between": entry.between}
            for name, entry in study.comparisons.items()
        ],
        "color": {"continuous": kinds.get("continuous"), "discrete": kinds.get("discrete")},
        "laps": config.figures.laps,
    }
    return {"title": config.title or config.study, **{part: table[part] for part in parts}}


def _figures_spec(plan: Plan, w: Wildcards) -> dict:
    return {"figure": w["figure"], **_shown_spec(plan, FIGURES[w["figure"]][1], _shown(plan, w["figure"]))}


def _tables_spec(plan: Plan, w: Wildcards) -> dict:
    return {"table": w["table"], **_shown_spec(plan, TABLES[w["table"]][1], list(plan.study.conditions.values()))}


SPECS: Mapping[str, Callable[[Plan, Wildcards], dict]] = {
    "simulate": _simulate_spec,
    "load": _load_spec,
    "split": lambda plan, w: {"split": plan.study.config.split.model_dump()},
    "fit": _fit_spec,
    "transform": _transform_spec,
    "decode": _decode_spec,
    "align": _align_spec,
    "consistency": _consistency_spec,
    "figures": _figures_spec,
    "tables": _tables_spec,
}


# ---- content of recordings' files ------------------------------------------------------------------------------------
def content_hash(path: str, root: str) -> str:
    """sha256 of a file, remembered by path, size and modification time under the study's folder."""
    about = os.stat(path)
    key = f"{os.path.abspath(path)}|{about.st_size}|{about.st_mtime_ns}"
    store = Path(root, ".hashes", hashlib.sha256(key.encode()).hexdigest()[:32])
    if store.exists() and len(text := store.read_text().strip()) == 64:
        return text
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    store.parent.mkdir(parents=True, exist_ok=True)
    temporary = store.with_suffix(f".{os.getpid()}")
    temporary.write_text(found)
    os.replace(temporary, store)
    return found


def check_files(plan: Plan, where: str) -> None:
    """Every file of every recording is there and can be read; one message for all that are not."""
    problems = Problems()
    for name in plan.loaded:
        for path in _files(plan, name):
            if not os.path.isfile(path):
                found = "a folder" if os.path.isdir(path) else "no such file"
                problems.add(f"{where}: recordings.{name}", f"the file {path}", found, "Mend `file` or `data_folder`.")
            elif not os.access(path, os.R_OK):
                problems.add(f"{where}: recordings.{name}", f"a readable file {path}", "no permission to read it")
    problems.raise_any()


def as_dict(spec: str) -> dict:
    return json.loads(spec)
