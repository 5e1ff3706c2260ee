"""The refit null with real fits: of data that know nothing of the label no score is significant too often.

Each data set is one fit and nineteen to shifted labels, whose p is that of the table `tests`. Recordings are short
and the data slow, so that fits of sixty steps learn their training part well whatever its labels: that is what a null
of refits is for. Forty data sets of a kind, 3,200 fits in all, take twenty minutes of one core; a null that rejected at
5 % in 30 % of them, as permutations do, would be found in 98 % of such runs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d
from scipy.stats import binom

from cebra_pipe.data import split
from cebra_pipe.data.controls import apply_control
from cebra_pipe.data.table import Table, from_rows
from cebra_pipe.datasets.rats import simulate
from cebra_pipe.pipeline.config.options import SplitConfig
from cebra_pipe.pipeline.stages import decode, transform
from cebra_pipe.pipeline.stages.fit import _without_null as without_null
from cebra_pipe.pipeline.stages.fit import task_of
from cebra_pipe.pipeline.tables import tested
from cebra_pipe.plot.drawn import pick
from cebra_pipe.plot.shown import Condition, Study
from cebra_pipe.sklearn import methods
from cebra_pipe.solver.artifact import Fitted
from cebra_pipe.solver.fitting import fit
from cebra_pipe.solver.history import table

from ..toys import TRAINING
from .test_decode import slow_noise

NEURONS, SAMPLES, DRAWS = 16, 1500, 19
DATA_SETS = 40
LEVELS = (0.05, 0.1, 0.2)  # of 19 draws; the smallest p is 0.05
SURE = 0.995  # of the binomial limits
SCORES = ("bits", "position")
SMALL = {"model": "offset5-model", "hidden_units": 8, "steps": 60, "batch_size": 64, "learning_rate": 3e-2}
SPEC = {"sessions": ["rat"], "training": TRAINING | SMALL | {"normalize": "zscore"}, "labels": {"position": 1.0}}
UNIT = {"rat": ("rat",)}
REAL = Condition("behavior", labels=("position",), units=UNIT)
CONTROLS = {c: Condition(c, labels=("position",), control=c, units=UNIT) for c in ("circular_shift", "permute_labels")}
SCORED = dict.fromkeys(("recording", "method", "label", "metric", "unit", "note"), str)
SCORED |= {"fold": np.int16, "seed": np.int32, "score": np.float64}
SPEC |= {"positives": "time_delta", "hybrid": False, "fold": 0, "study_seed": 1}
NEURAL = {
    "noise": lambda seed, rat: slow_noise(seed, rat, NEURONS, False),
    "another_rat": lambda seed, rat: uniform_filter1d(
        simulate(seed + 10_000, NEURONS, SAMPLES, 0.8, 0.0).neural.astype(float), 20, axis=0
    ),
}


def unrelated(kind, seed):
    """A rat's position, with neural data that know nothing of it; the part of each sample."""
    rat = simulate(seed, 2, SAMPLES, 0.5, 0.0)
    recording = dataclasses.replace(rat, neural=NEURAL[kind](seed, rat).astype(np.float32), neurons=())
    return recording, split.split(recording, SplitConfig(stratify="direction").model_dump())[0].names()


@dataclasses.dataclass(frozen=True)
class Held:
    """The table of a fit, where the table `tests` takes a file."""

    condition: Condition
    seed: int
    table: Table
    unit: str = "rat"
    fold: int = 0

    def read(self, columns=None):
        return self.table


def fitted(recording, part, condition, seed):
    """The history of one fit and the score of its embedding, as the stages write them."""
    spec = SPEC | {"control": condition.control, "seed": seed}
    with contextlib.redirect_stderr(io.StringIO()):
        task = task_of(spec, [recording], [part])
        network, scalings, rows = fit(task, "cpu")
    made = Fitted(network, ("rat",), scalings, {"offset": list(task.offset)}, {"spec": spec})
    points, padded = transform.embed(made, 0, recording, False)
    samples = decode.shared_samples("rat", part, padded)
    given = apply_control(condition.control, recording, samples.inside, seed, spec["study_seed"])
    units = np.arange(NEURONS)
    asked = methods.Task(given, ("position",), samples, units, (9, 25, 49), 40, 10, tuple(task.offset), 3)
    found = methods.decode(asked, "position", methods.embedding(asked, points, "cosine")["position"])
    row = {"recording": "rat", "method": "embedding", "label": "position", "metric": found.metric.name, "unit": "m"}
    row |= {"note": "", "fold": 0, "seed": seed, "score": found.score}
    about = {"without_null": without_null(spec, [recording])}
    return Held(condition, seed, table(rows, about)), Held(condition, seed, from_rows([row], SCORED))


def p_of(kind, seed, control):
    """score -> p of one data set, by the table `tests`; and the bits of its fits on train."""
    recording, part = unrelated(kind, seed)
    asked = [(REAL, 1), *((CONTROLS[control], draw) for draw in range(1, DRAWS + 1))]
    histories, decoded = zip(*(fitted(recording, part, *each) for each in asked), strict=True)
    pair = {"condition": "behavior", "control": control, "kind": control, "scores": ["bits", "decoding"], "primary": []}
    study = Study({"rat": "Rat"}, (REAL, CONTROLS[control]))
    rows = tested.rows(study, {"pairs": [pair], "shared": True, "alpha": 0.05}, decoded, histories)
    found = {("bits" if row["score"] == "bits" else row["label"]): row["p"] for row in rows}
    learned = [bits_on_train(one.table) for one in histories]
    return found | {"train": learned[0], "train_of_null": float(np.mean(learned[1:]))}


def bits_on_train(history):
    (row,) = pick(history, kind="score", part="train").rows()
    return row["bits"]


@pytest.mark.deep
@pytest.mark.parametrize("kind", NEURAL)
def test_p_of_refits_holds_its_level_and_permutations_do_not(kind, evidence):
    shifted, permuted = ([p_of(kind, seed, c) for seed in range(DATA_SETS)] for c in CONTROLS)
    evidence({"circular shift": summary(shifted), "permutation (no p is printed for it)": summary(permuted)})
    assert np.mean([one["train_of_null"] for one in shifted]) > 0.1
    for score in SCORES:
        for level in LEVELS:
            assert rejected(shifted, score, level) <= binom.ppf(SURE, DATA_SETS, level), (score, level)
    # Of bits it need not: fits to unrelated labels mostly score below 0 bits on test, those to permuted ones near it.
    assert rejected(permuted, "position", 0.1) > binom.ppf(SURE, DATA_SETS, 0.1)


def rejected(found, score, level):
    assert all(np.isfinite(one[score]) for one in found)
    return sum(one[score] <= level for one in found)


def summary(found):
    significant = {s: {f"p <= {level}": rejected(found, s, level) for level in LEVELS} for s in SCORES}
    learned = {name: round(float(np.mean([one[name] for one in found])), 3) for name in ("train", "train_of_null")}
    return {"data sets": len(found), "significant": significant, "bits on train, mean": learned}
