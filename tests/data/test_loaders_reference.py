"""Draws of every loader against those of cebra 0.6.1, where no difference applies: one distribution.

The reference draws from fresh entropy whatever is seeded, so the bound on p is one that a right loader never meets.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chi2_contingency

from cebra_pipe import data

P = 1e-6
LENGTHS = (60, 45)
DRAWS, BATCH = 60_000, 600


def arrays(s: int = 0) -> dict[str, np.ndarray]:
    """One session: labels about zero without ties, classes 0 to 2 that differ in size."""
    rng, length = np.random.default_rng(s), LENGTHS[s]
    walk = np.cumsum(rng.normal(size=(length, 2)), axis=0)
    classes = rng.choice(3, length, p=[0.5, 0.3, 0.2])
    return {
        "neural": rng.normal(size=(length, 3)).astype(np.float32),
        "continuous": (walk - walk.mean(0)).astype(np.float32),
        "discrete": classes,
    }


def both(reference, kind: str, sessions: int, ours: dict, options: dict) -> tuple[object, object]:
    """The loader here and there. `ours`: what the reference does without being asked."""
    made = []
    for package, more in ((data, {"seed": 0} | ours), (reference.data, {})):
        given = [package.TensorDataset(**arrays(s)) for s in range(sessions)]
        dataset = given[0] if sessions == 1 else package.DatasetCollection(*given)
        full = {} if kind == "FullDataLoader" else {"batch_size": BATCH}
        made.append(getattr(package, kind, None) or getattr(package.multi_session, kind))
        made[-1] = made[-1](dataset=dataset, num_steps=1, **full, **options, **more)
    return made[0], made[1]


def drawn(loader, sessions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """References, aligned positives and negatives as flat sample numbers over the sessions, (batch, draw) each."""
    starts, rows, full = torch.tensor([[0], [LENGTHS[0]]]), [], loader.batch_size is None
    while sum(len(r[0]) for r in rows) < (DRAWS // 3 if full else DRAWS):
        index = loader.get_indices() if full else loader.get_indices(BATCH)
        if sessions == 1:
            rows.append(index[:3])
            continue
        reference, positive, negative = (torch.as_tensor(np.asarray(each)) + starts for each in index[:3])
        back = torch.as_tensor(np.asarray(index.index_reversed))
        rows.append((reference.flatten(), positive.flatten()[back], negative.flatten()))
    return tuple(np.stack([np.asarray(r[i]) for r in rows]) for i in range(3))


def agree(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Two samples of whole numbers come from one distribution, by chi-square; rare numbers are taken together."""
    table = np.stack([np.bincount(each.ravel(), minlength=20_000) for each in (ours, theirs)])
    rare = table.sum(0) < 20
    table = np.column_stack([table[:, ~rare], table[:, rare].sum(1)])
    return chi2_contingency(table[:, table.sum(0) > 0]).pvalue > P


def moved(reference: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """The pairs that are no sample with itself, as one number: the reference adds zeros to its label changes."""
    apart = reference != positive
    return (reference * sum(LENGTHS) + positive)[apart]


LOADERS = {
    "empirical": ("DiscreteDataLoader", 1, {}, {"prior": "empirical"}),
    "uniform": ("DiscreteDataLoader", 1, {}, {"prior": "uniform"}),
    "time": ("ContinuousDataLoader", 1, {}, {"conditional": "time", "time_offset": 4}),
    "time_delta": ("ContinuousDataLoader", 1, {}, {"conditional": "time_delta", "time_offset": 2}),
    "delta_normal": ("ContinuousDataLoader", 1, {}, {"conditional": "delta_normal", "delta": 1.5}),
    "mixed": ("MixedDataLoader", 1, {"prior": "uniform"}, {"time_offset": 2}),
    "hybrid": ("HybridDataLoader", 1, {}, {"conditional": "time_delta", "time_offset": 2}),
    "full": ("FullDataLoader", 1, {}, {"conditional": "time_delta", "time_offset": 2}),
    "continuous, two": ("ContinuousMultiSessionDataLoader", 2, {}, {"time_offset": 2}),
    "discrete, two": ("DiscreteMultiSessionDataLoader", 2, {}, {}),
}


@pytest.mark.parametrize("name", LOADERS)
def test_draws_are_those_of_the_reference(name, reference):
    kind, sessions, mine, options = LOADERS[name]
    loaders = both(reference, kind, sessions, mine, options)
    ours, theirs = (drawn(loader, sessions) for loader in loaders)
    if name == "hybrid":  # there the references stand once for both objectives, and only those with a time positive
        reference_there = np.concatenate([theirs[0], theirs[0]], axis=1)
        parts = [(ours[0], ours[1]), (reference_there, theirs[1])]
        for half in (slice(0, BATCH), slice(BATCH, None)):
            early = [(r[:, half][r[:, half] < 58], p[:, half][r[:, half] < 58]) for r, p in parts]
            assert agree(*(r for r, _ in early))
            assert agree(*(moved(r, p) for r, p in early))
        return
    if name == "full":  # there the last samples are left out
        ours = tuple(each[:, : theirs[0].shape[1]] for each in ours)
    assert agree(ours[0], theirs[0])
    assert agree(moved(*ours[:2]), moved(*theirs[:2]))
    if name not in ("time", "full"):  # there the last samples are no negatives
        assert agree(ours[2], theirs[2])


@pytest.mark.parametrize("name", ["time", "empirical", "continuous, two"])
def test_references_and_negatives_are_independent(name, reference):
    """Pairs by place in the batch: as often as two independent draws."""
    kind, sessions, mine, options = LOADERS[name]
    ours, theirs = (drawn(loader, sessions) for loader in both(reference, kind, sessions, mine, options))
    few = [(each[0] % 8) * 8 + each[2] % 8 for each in (ours, theirs)]
    if name != "time":
        assert agree(*few)
    table = np.bincount(few[0].ravel(), minlength=64).reshape(8, 8)
    assert chi2_contingency(table).pvalue > P
