"""The refit null with real fits: of data that know nothing of the label no score is significant too often.

Each data set is one fit and nineteen to shifted labels, scored as the table `tests` scores them. Recordings are short
and the data slow, so that fits of sixty steps learn their training part well whatever its labels: that is what a null
of refits is for.
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
from cebra_pipe.datasets.rats import simulate
from cebra_pipe.pipeline.config import SplitConfig
from cebra_pipe.pipeline.stages import decode, transform
from cebra_pipe.pipeline.stages.fit import task_of
from cebra_pipe.sklearn import methods
from cebra_pipe.solver.artifact import Fitted
from cebra_pipe.solver.fitting import fit

from ..toys import TRAINING
from .test_decode import slow_noise

NEURONS, SAMPLES, DRAWS = 16, 1500, 19
DATA_SETS, PERMUTED = 30, 8  # of one block; the first of them against permuted labels too
LEVELS = (0.05, 0.1, 0.2)
SCORES = ("bits", "position")
SMALL = {"model": "offset5-model", "hidden_units": 8, "steps": 60, "batch_size": 64, "learning_rate": 3e-2}
SPEC = {"sessions": ["rat"], "training": TRAINING | SMALL | {"normalize": "zscore"}, "labels": {"position": 1.0}}
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


def scores(recording, part, control, seed):
    """Held-out bits, minus the held-out error of position, and bits on train, of one fit as the stages do it."""
    spec = SPEC | {"control": control, "seed": seed}
    with contextlib.redirect_stderr(io.StringIO()):
        task = task_of(spec, [recording], [part])
        network, scalings, rows = fit(task, "cpu")
    bits = {row["part"]: row["bits"] for row in rows if row["kind"] == "score"}
    fitted = Fitted(network, ("rat",), scalings, {"offset": list(task.offset)}, {"spec": spec})
    points, padded = transform.embed(fitted, 0, recording, False)
    samples = decode.shared_samples("rat", part, padded)
    given = apply_control(control, recording, samples.inside, seed, spec["study_seed"])
    units = np.arange(NEURONS)
    asked = methods.Task(given, ("position",), samples, units, (9, 25, 49), 40, 10, tuple(task.offset), 3)
    found = methods.decode(asked, "position", methods.embedding(asked, points, "cosine")["position"])
    return bits["test"], -found.score, bits["train"]


def p_of(kind, seed, control):
    """score -> p of one data set, as the table `tests` gives it; and the bits of its fits on train."""
    recording, part = unrelated(kind, seed)
    *real, learned = scores(recording, part, None, 1)
    null = np.array([scores(recording, part, control, draw) for draw in range(1, DRAWS + 1)])
    p = (1 + (null[:, :2] >= real).sum(axis=0)) / (1 + DRAWS)
    return dict(zip(SCORES, p.tolist(), strict=True)) | {"train": learned, "train_of_null": float(null[:, 2].mean())}


@pytest.mark.deep
@pytest.mark.parametrize("block", [0, 1])
@pytest.mark.parametrize("kind", NEURAL)
def test_p_of_refits_holds_its_level(kind, block, evidence):
    seeds = range(DATA_SETS * block, DATA_SETS * (block + 1))
    shifted = [p_of(kind, seed, "circular_shift") for seed in seeds]
    permuted = [p_of(kind, seed, "permute_labels") for seed in seeds[:PERMUTED]]
    told = {"circular shift": shifted, "permutation (no p is printed for it)": permuted}
    evidence({name: summary(found) for name, found in told.items()})
    assert np.mean([one["train_of_null"] for one in shifted]) > 0.1
    for score in SCORES:
        for level in LEVELS:
            assert sum(one[score] <= level for one in shifted) <= binom.ppf(0.999, len(shifted), level), (score, level)


def summary(found):
    rejected = {s: {f"p <= {level}": sum(one[s] <= level for one in found) for level in LEVELS} for s in SCORES}
    learned = {name: round(float(np.mean([one[name] for one in found])), 3) for name in ("train", "train_of_null")}
    return {"data sets": len(found), "significant": rejected, "bits on train, mean": learned}
