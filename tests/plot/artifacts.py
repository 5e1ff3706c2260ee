"""A small study on disk, by the contract between the stages: every artifact that a figure or table reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cebra_pipe.data.recording import Label, Recording
from cebra_pipe.data.table import Table, from_rows
from cebra_pipe.pipeline.jobs.job import Job
from cebra_pipe.streams import generator

SCORES = {
    **{"recording": str, "fold": "i2", "seed": "i4", "method": str, "label": str, "metric": str, "unit": str},
    **dict.fromkeys(("score", "valid_score", "chance", "floor"), "f8"),
    **dict.fromkeys(("k", "n_train", "n_valid", "n_test", "n_padded"), "i4"),
    **{"score_with_padded": "f8", "null": list, "null_median": "f8", "null_n": "i4"},
    **{"null_effective": "f8", "p": "f8", "note": str},
    **{"low": "f8", "high": "f8", "n_trials": "i4", "draws": list, "samples": str},
}
HISTORY = {
    **{"kind": str, "step": "i4", "part": str, "objective": str, "session": str},
    **dict.fromkeys(("loss", "align", "uniform", "bits", "chance", "ceiling", "temperature"), "f8"),
    "draws": "i4",
}
CONSISTENCY = {
    **{"fold": "i2", "from": str, "to": str, "recording": str, "seed": "i4", "definition": str},
    **{"score": "f8", "coverage": "f8", "bins_used": "i4"},
}
ERRORS = {"embedding": 0.09, "window_knn": 0.12, "naive_bayes": 0.08, "pca": 0.2, "constant": 0.4}
LESS = (("minutes", 0.5), ("neurons", 0.25), ("neurons", 0.5))
TRANSFER = ("transfer", "within", "scratch", "naive_bayes", "constant")
ACCURACY = {"embedding": 0.9, "window_knn": 0.85, "naive_bayes": 0.93, "pca": 0.7, "constant": 0.5}


def make_recording(
    key: object, length: int = 1200, neurons: int = 20, labels: tuple[str, ...] = ("position", "direction")
) -> Recording:
    """Laps on a track of 1.6 m, place fields, 40 samples a second; a rest is cut out after every lap."""
    stream = generator("figures", key)
    lap = np.arange(length) // 75
    phase = (np.arange(length) % 75) / 74
    position, direction = 1.6 * np.where(lap % 2, 1 - phase, phase), (lap % 2).astype(np.int64)
    centres, prefers = stream.uniform(0, 1.6, neurons), stream.integers(0, 2, neurons)
    rate = 0.3 + 14 * np.exp(-0.5 * ((position[:, None] - centres) / 0.12) ** 2) * (direction[:, None] == prefers)
    known = {"position": Label(position, "continuous", "m"), "direction": Label(direction, "discrete")}
    time = np.arange(length) / 40 + 3.0 * lap
    counts = stream.poisson(rate / 40).astype(np.float32)
    return Recording(counts, 40.0, {n: known[n] for n in labels}, time, lap.astype(np.int32), lap.astype(np.int32))


def make_split(recording: Recording, folds: int = 1) -> Table:
    parts = np.array(["train", "train", "valid", "train", "train", "test"], dtype=object)
    columns = {"sample": np.arange(len(recording), dtype=np.int32), "epoch": recording.epoch}
    for fold in range(folds):
        part = parts[(recording.trial // 2 + fold) % len(parts)]
        first = np.flatnonzero(np.diff(recording.trial)) + 1
        for shift in range(8):
            part[np.minimum(first + shift, len(part) - 1)] = "gap"
        columns[f"fold{fold}"] = part
    return Table(columns)


@dataclass
class Made:
    """A study's spec and its files."""

    folder: Path
    spec: dict
    recordings: dict[str, Recording]
    folds: int = 1
    inputs: dict[str, list[Path]] = field(default_factory=dict)

    def write(self, role: str, stage: str, spec: dict, table: Table, name: str, sources: dict | None = None) -> Path:
        path = self.folder / role / f"{name}.parquet"
        Job(stage, {"stage": stage, **spec}, sources or {}, {"out": path}).write("out", table)
        self.inputs.setdefault(role, []).append(path)
        return path

    def job(
        self, stage: str, roles: tuple[str, ...], outputs: tuple[str, ...], out: str = "out", **spec: object
    ) -> Job:
        inputs = {role: self.inputs[role] for role in roles if self.inputs.get(role)}
        made = {kind: self.folder / out / f"made.{kind}" for kind in outputs}
        return Job(stage, {"stage": stage, **self.spec, **spec}, inputs, made)


def condition(name: str, title: str, units: dict, labels: tuple = ("position", "direction"), **more: object) -> dict:
    usual = {
        "positives": "time_delta" if labels else "time",
        "hybrid": False,
        "control": None,
        "seeds": [1, 2],
        "temperature": 1.0,
    }
    usual |= {"similarity": "cosine", "dimension": 3, "windows": "within"}
    usual |= {"window": 10, "weights": [1.0] * len(labels), "time_offset": 0.25}
    return {"name": name, "title": title, "labels": list(labels), "units": units, **usual, **more}


def left_out(names: list[str]) -> dict[str, list[str]]:
    return {f"without_{name}": [other for other in names if other != name] for name in names}


def default_conditions(names: list[str]) -> list[dict]:
    each = {name: [name] for name in names}
    return [
        condition("behavior", "CEBRA-Behavior", each, less=LESS),
        condition("time", "CEBRA-Time", each, (), seeds=[1]),
        condition("hybrid", "CEBRA-Hybrid", each, hybrid=True, seeds=[1]),
        condition("multi", "CEBRA-Behavior, multi-session", {"joint": names}, seeds=[1], without=left_out(names)),
        condition("shifted", "CEBRA-Behavior, shifted", each, control="circular_shift", seeds=[1, 2, 3]),
    ]


def build(
    folder: Path, recordings: dict[str, Recording], conditions: list[dict] | None = None, folds: int = 1, **spec: object
) -> Made:
    names = list(recordings)
    about = {
        "title": "Four rats",
        "recordings": [{"name": n, "title": n.replace("rat", "Rat ")} for n in names],
        "conditions": default_conditions(names) if conditions is None else conditions,
        "comparisons": [
            {"name": "rats", "title": "Between recordings", "condition": "behavior", "between": "recordings"},
            {"name": "runs", "title": "Between runs", "condition": "behavior", "between": "runs"},
        ],
        "color": {"continuous": "position", "discrete": "direction"},
        "laps": 8,
        "tests": {"alpha": None, "shared": False, "pairs": []},
    }
    made = Made(folder, {**about, **spec}, recordings, folds)
    for name, recording in recordings.items():
        made.write("recordings", "load", {}, recording.columns(), name)
        made.write("splits", "split", {}, make_split(recording, folds), name)
    for entry in made.spec["conditions"]:
        embeddings = [_unit(made, entry, unit, members) for unit, members in entry["units"].items()]
        if not entry["control"] and len(names) > 1:
            table = _aligned(made, entry, embeddings)
            made.write("aligned", "align", {"sessions": names}, table, entry["name"], {"embeddings": embeddings})
        for unit, members in entry["units"].items():
            for of, share in entry.get("less", ()):
                _portion(made, entry, unit, members, of, share)
        for unit, others in entry.get("without", {}).items():
            left = unit.removeprefix("without_")
            _adapted(made, entry, unit, others, left)
            table = _transfer(made, entry, left)
            made.write("transfer", "transfer", {"sessions": [*others, left]}, table, f"{entry['name']}-{unit}")
    for entry in made.spec["comparisons"]:
        made.write(
            "consistency",
            "consistency",
            {"between": entry["between"]},
            _consistency(names, entry["between"], folds),
            entry["name"],
        )
    return made


def _unit(made: Made, entry: dict, unit: str, members: list[str]) -> Path:
    name = f"{entry['name']}-{unit}"
    path = made.write("embeddings", "transform", {"sessions": members}, _embedding(made, entry, members), name)
    if any(made.recordings[m].labels for m in members):
        made.write("scores", "decode", {"sessions": members}, _scores(made, entry, members), name)
        made.write("traces", "decode", {"sessions": members}, _traces(made, entry, members), name)
    for fold in range(made.folds):
        for seed in entry["seeds"]:
            spec = {"sessions": members, "fold": fold, "seed": seed, "control": entry["control"]}
            table = _history(entry, members, fold, seed)
            table = Table(table.columns, {"learned_from": {m: _amounts() for m in members}, "without_null": {}})
            made.write("histories", "fit", spec, table, f"{name}-{fold}-{seed}")
    return path


def _portion(made: Made, entry: dict, unit: str, members: list[str], of: str, share: float) -> None:
    """Scores and histories of a fit to less data, in their places in a study."""
    name = f"{of}{share * 100:.0f}_of_{unit}"
    made.spec.setdefault("portions", []).append(
        {"condition": entry["name"], "name": name, "unit": unit, "of": of, "share": share}
    )
    spec, other = {"sessions": members, "portion": {"of": of, "share": share}}, {**entry, "name": name}
    if any(made.recordings[m].labels for m in members):
        made.write("portion_scores", "decode", spec, _scores(made, other, members), f"{entry['name']}/{name}")
    for fold in range(made.folds):
        for seed in entry["seeds"]:
            place = f"{entry['name']}/{name}/fold{fold}/seed{seed}/history"
            table = _history(other, members, fold, seed)
            table = Table(table.columns, {"learned_from": {m: _amounts(of, share) for m in members}})
            made.write("portion_histories", "fit", {**spec, "fold": fold, "seed": seed}, table, place)


def _amounts(of: str = "", share: float = 1.0) -> dict[str, float]:
    return {name: whole * (share if name == of else 1) for name, whole in (("minutes", 2.0), ("neurons", 40))}


def _embedding(made: Made, entry: dict, members: list[str]) -> Table:
    blocks = [
        (m, fold, seed, _points(made.recordings[m], entry, fold, seed))
        for m in members
        for fold in range(made.folds)
        for seed in entry["seeds"]
    ]
    length = [len(points) for *_, points in blocks]
    columns = {
        "recording": np.repeat(np.array([b[0] for b in blocks], dtype=object), length),
        "fold": np.repeat(np.array([b[1] for b in blocks], np.int16), length),
        "seed": np.repeat(np.array([b[2] for b in blocks], np.int32), length),
        "sample": np.concatenate([np.arange(n, dtype=np.int32) for n in length]),
        "padded": np.concatenate([np.arange(len(made.recordings[b[0]])) % 75 < 12 for b in blocks]),
    }
    points = np.concatenate([p for *_, p in blocks])
    return Table(columns | {f"e{i}": points[:, i] for i in range(points.shape[1])}, {"dimension": points.shape[1]})


def _points(recording: Recording, entry: dict, fold: int, seed: int) -> np.ndarray:
    """A noisy ring on the sphere: half of it a direction; without a tie to anything for a control."""
    stream = generator("points", entry["name"], fold, seed, len(recording))
    phase = np.linspace(0, np.pi, 75)[np.arange(len(recording)) % 75] + np.pi * (recording.trial % 2)
    if entry["control"]:
        phase = stream.uniform(0, 2 * np.pi, len(recording))
    ring = np.stack([np.cos(phase), np.sin(phase), 0.4 * np.sin(2 * phase)], axis=1)
    wide = np.concatenate([ring, np.zeros((len(ring), max(0, entry["dimension"] - 3)))], axis=1)[
        :, : entry["dimension"]
    ]
    noisy = wide + 0.15 * stream.standard_normal(wide.shape)
    rotation = np.linalg.qr(stream.standard_normal((entry["dimension"],) * 2))[0]
    return ((noisy / np.linalg.norm(noisy, axis=1, keepdims=True)) @ rotation).astype(np.float32)


def _aligned(made: Made, entry: dict, embeddings: list[Path]) -> Table:
    """The first seed of every recording, as the ring lies."""
    parts = []
    for name, recording in made.recordings.items():
        members = next(m for m in entry["units"].values() if name in m)
        table = _embedding(made, {**entry, "seeds": entry["seeds"][:1]}, members)
        mine = table.where((table["recording"] == name) & (table["fold"] == 0))
        points = np.stack([mine[f"e{i}"] for i in range(entry["dimension"])], 1)
        seed = generator("points", entry["name"], 0, entry["seeds"][0], len(recording))
        seed.standard_normal((len(recording), entry["dimension"]))
        rotation = np.linalg.qr(seed.standard_normal((entry["dimension"],) * 2))[0]
        fixed = {k: mine[k] for k in ("recording", "fold", "seed", "sample", "padded")}
        fixed["part"] = made_part(made, name)
        parts.append(fixed | {f"a{i}": (points @ rotation.T)[:, i] for i in range(entry["dimension"])})
    return Table({k: np.concatenate([p[k] for p in parts]) for k in parts[0]}, {"rotations": [], "scores": []})


def made_part(made: Made, name: str) -> np.ndarray:
    return make_split(made.recordings[name], made.folds)["fold0"]


def _scores(made: Made, entry: dict, members: list[str]) -> Table:
    stream = generator("scores", entry["name"], tuple(members))
    rows = [
        _score(stream, entry, m, fold, seed, method, label)
        for m in members
        for label in made.recordings[m].labels
        for method in ERRORS
        for fold in range(made.folds)
        for seed in (entry["seeds"] if method == "embedding" else entry["seeds"][:1])
    ]
    return from_rows(rows, SCORES)


def _transfer(made: Made, entry: dict, left: str) -> Table:
    """Better with more samples of the recording that was left out, within better than transfer."""
    stream, rows = generator("transfer", entry["name"], left), []
    for share, harder in ((0.2, 1.5), (1.0, 1.0)):
        about = {"share": share, "n_adapt": int(700 * share), "common_bins": -1}
        for label in made.recordings[left].labels:
            for method in TRANSFER:
                scored = _score(stream, entry, left, 0, entry["seeds"][0], "embedding", label)
                rows.append(scored | about | {"method": method, "score": scored["score"] * harder})
    return from_rows(rows, {**SCORES, "share": "f8", "n_adapt": "i4", "common_bins": "i4"})


def _adapted(made: Made, entry: dict, unit: str, others: list[str], left: str) -> None:
    """The fits of the others and the adaptations to two shares, in their places in a study."""
    for fold in range(made.folds):
        for seed in entry["seeds"]:
            place, spec = f"{entry['name']}/{unit}/fold{fold}/seed{seed}", {"fold": fold, "seed": seed}
            table = _history(entry, others, fold, seed)
            made.write("without_histories", "fit", spec | {"sessions": others}, table, f"{place}/history")
            history, points = _history(entry, [left], fold, seed), _embedding(made, {**entry, "seeds": [seed]}, [left])
            points = points.where(points["fold"] == fold)
            spec |= {"sessions": [left], "shares": [0.2, 1.0]}
            made.write("adapted_histories", "adapt", spec, _of_shares(history), f"{place}/history")
            made.write("adapted", "adapt", spec, _of_shares(points), f"{place}/adapted")


def _of_shares(table: Table) -> Table:
    """The table for either way and share; at the smaller share the embedding is one point and losses move on."""
    blocks = []
    for way in ("adapted", "scratch"):
        for share in (0.2, 1.0):
            moved = (
                {} if share == 1.0 else {name: np.full(len(table), 0.5) for name in table.columns if name[1:].isdigit()}
            )
            if share < 1.0 and "bits" in table.columns:
                moved = {"bits": table["step"] / 1000.0}
            about = {"way": np.full(len(table), way, object), "share": np.full(len(table), share)}
            blocks.append({**about, **table.columns, **moved})
    return Table({k: np.concatenate([block[k] for block in blocks]) for k in blocks[0]}, table.meta)


def _score(
    stream: np.random.Generator, entry: dict, recording: str, fold: int, seed: int, method: str, label: str
) -> dict:
    discrete = label == "direction"
    good, chance = (ACCURACY[method], 0.5) if discrete else (ERRORS[method], 0.4)
    score = (chance if entry["control"] and method == "embedding" else good) * (1 + 0.06 * stream.standard_normal())
    null = list(chance + 0.05 * stream.standard_normal(99))
    p = (1 + sum(x >= score if discrete else x <= score for x in null)) / 100 if null else np.nan
    return {
        **{"recording": recording, "fold": fold, "method": method, "label": label},
        "seed": seed if method == "embedding" or entry["control"] else -1,
        "metric": "balanced_accuracy" if discrete else "median_abs_error",
        "unit": "" if discrete else "m",
        **{"score": score, "valid_score": score, "score_with_padded": score * 1.02},
        **{"chance": chance, "floor": np.nan if discrete else 0.01},
        **{"k": 9, "n_train": 700, "n_valid": 150, "n_test": 150, "n_padded": 12},
        **{"null": null, "null_median": chance, "null_n": len(null), "null_effective": 40.0, "p": p, "note": ""},
        **{"draws": (draws := score * (1 + 0.1 * stream.standard_normal(199))), "n_trials": 6, "samples": recording},
        **dict(zip(("low", "high"), np.percentile(draws, [2.5, 97.5]), strict=True)),
    }


def _traces(made: Made, entry: dict, members: list[str]) -> Table:
    stream, parts = generator("traces", entry["name"]), []
    for m in members:
        recording, split = made.recordings[m], make_split(made.recordings[m], made.folds)
        for fold in range(made.folds):
            for seed in entry["seeds"]:
                test = np.flatnonzero(split[f"fold{fold}"] == "test")
                fixed = {"recording": np.full(len(test), m, object), "fold": np.full(len(test), fold, np.int16)}
                fixed |= {"seed": np.full(len(test), seed, np.int32), "method": np.full(len(test), "embedding", object)}
                fixed |= {"sample": test.astype(np.int32), "time": recording.time[test], "trial": recording.trial[test]}
                fixed["padded"] = np.r_[False, np.diff(test) > 1]
                for name, label in recording.labels.items():
                    true = label.values[test].astype(float)
                    wrong = stream.random(len(test)) < 0.08
                    fixed[f"true.{name}"] = true
                    fixed[f"predicted.{name}"] = (
                        np.where(wrong, 1 - true, true)
                        if label.discrete
                        else true + 0.12 * stream.standard_normal(len(test))
                    )
                parts.append(fixed)
    names = list(dict.fromkeys(k for p in parts for k in p))
    return Table({k: np.concatenate([p.get(k, np.full(len(p["sample"]), np.nan)) for p in parts]) for k in names})


def _history(entry: dict, members: list[str], fold: int, seed: int) -> Table:
    stream = generator("history", entry["name"], tuple(members), fold, seed)
    chance, rows = np.log(512), []
    objectives = ["labels", "time"] if entry["hybrid"] else ["labels" if entry["labels"] else "time"]
    sessions = [*members, "pooled"] if len(members) > 1 else list(members)
    depth = entry.get("depth", 0.02 if entry["control"] else 0.55)
    blank = {
        "align": 0.0,
        "uniform": 0.0,
        "temperature": entry["temperature"],
        "draws": 512,
        "chance": chance,
        "ceiling": 1.21,
    }
    for objective in objectives:
        for session in sessions:
            for step in range(10, 1010, 10):
                loss = chance - depth * (1 - np.exp(-step / 150)) + 0.02 * stream.standard_normal()
                kinds = ["train", "valid"] if step % 50 == 0 else ["train"]
                for part in kinds:
                    shown = loss + (0.08 if part == "valid" else 0)
                    rows.append(
                        blank
                        | {
                            "kind": "step",
                            "step": step,
                            "part": part,
                            "objective": objective,
                            "session": session,
                            "loss": shown,
                            "bits": (chance - shown) / np.log(2),
                        }
                    )
            for part, away in (("train", 0.0), ("train_subsample", 0.01), ("valid", 0.08), ("test", 0.1)):
                loss = chance - depth + (1.2 if entry["control"] else 1) * away + 0.02 * stream.standard_normal()
                rows.append(
                    blank
                    | {
                        "kind": "score",
                        "step": 1000,
                        "part": part,
                        "objective": objective,
                        "session": session,
                        "loss": loss,
                        "bits": (chance - loss) / np.log(2),
                    }
                )
    return from_rows(rows, HISTORY)


def _consistency(names: list[str], between: str, folds: int) -> Table:
    stream, rows, base = generator("consistency", between), [], {"held_out": 0.82, "paper": 0.94, "paper_test": 0.9}
    pairs = [(a, b, "", 1) for a in names for b in names if a != b]
    if between == "runs":
        pairs = [(a, b, name, 0) for name in names for a in ("seed1", "seed2") for b in ("seed1", "seed2") if a != b]
    for fold in range(folds):
        for a, b, recording, seed in pairs:
            for definition, score in base.items():
                rows.append(
                    {
                        "fold": fold,
                        "from": a,
                        "to": b,
                        "recording": recording,
                        "seed": seed,
                        "definition": definition,
                        "score": score + 0.05 * stream.standard_normal(),
                        "coverage": 0.9,
                        "bins_used": 72,
                    }
                )
    null = {d: list(0.2 + 0.15 * stream.standard_normal(99)) if between == "recordings" else [] for d in base}
    summary = {
        d: {
            "mean": m,
            "mean_with_padded": m - 0.05,
            "pairs": len(pairs) // 2,
            "null": null[d],
            "null_n": len(null[d]),
            "null_effective": 40,
            "p": 0.01 if null[d] and d == "held_out" else None,
            "note": {"runs": "no null for this comparison"}.get(between, "" if d == "held_out" else "in-sample, no p"),
        }
        for d, m in base.items()
    }
    doubts = ["the same data in both runs"] if between == "runs" else []
    return from_rows(rows, CONSISTENCY, {"summary": summary, "doubts": doubts})
