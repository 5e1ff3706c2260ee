"""The named data sets: arrays of this package as data sets of one session or several."""

from __future__ import annotations

import numpy as np
import torch

from ..data.datasets import DatasetCollection, TensorDataset
from ..data.datatypes import Offset
from ..data.unified import UnifiedDataset
from . import demo, rats, synthetic
from .hippocampus import RATS, Recorded, part_samples, read_rat, shuffled


def _demo(seed: int, session: int, neurons: int, labels: int, kinds: tuple[str, ...]) -> TensorDataset:
    made = {
        "continuous": lambda: demo.noise(seed, session, labels, "labels"),
        "discrete": lambda: demo.classes(seed, session),
    }
    neural = demo.noise(seed, session, neurons, "neural")
    return TensorDataset(neural, **{kind: made[kind]() for kind in kinds}, offset=Offset(5, 5))


class Demo(TensorDataset):
    """Noise (1000, 4) with labels that are noise: `continuous` (1000, 3), `discrete` (1000,) of ten classes."""

    def __init__(self, seed: int = 0, device: str = "cpu", *, kinds: tuple[str, ...]):
        one = _demo(seed, 0, demo.NEURONS, demo.LABELS, kinds)
        super().__init__(one.neural, one.continuous, one.discrete, one.offset, device)


class DemoSessions(DatasetCollection):
    """Three sessions of noise with 3, 4 and 5 neurons; labels (1000, 5) or (1000,) in each."""

    def __init__(self, seed: int = 0, device: str = "cpu", *, kinds: tuple[str, ...]):
        super().__init__(_sessions(seed, kinds))
        self.to(device)


class DemoUnified(UnifiedDataset):
    """The same three sessions, side by side."""

    def __init__(self, seed: int = 0, device: str = "cpu"):
        super().__init__(_sessions(seed, ("continuous",)))
        self.to(device)


def _sessions(seed: int, kinds: tuple[str, ...]) -> list[TensorDataset]:
    return [_demo(seed, i, neurons, demo.SHARED, kinds) for i, neurons in enumerate(demo.SESSIONS)]


class _Rat(TensorDataset):
    """A recorded rat; windows stay inside a run in one direction."""

    def __init__(self, recorded: Recorded, device: str):
        neural = np.asarray(recorded.spikes, np.float32)
        super().__init__(neural, continuous=recorded.position, trial=recorded.lap, device=device)


class Rat(_Rat):
    """One rat: counts (time, neuron), `continuous` (time, 3) position in m, right, left.

    Without `download` the file has to be in the folder of the data sets.
    """

    def __init__(self, device: str = "cpu", download: bool = True, *, rat: str):
        super().__init__(read_rat(rat, download), device)
        self.name = rat


class RatPart(_Rat):
    """One rat in one fold of the published split by round trips: `split` is train, valid, test, or all (None)."""

    def __init__(
        self, split: str | None = None, device: str = "cpu", download: bool = True, *, rat: str, split_no: int
    ):
        recorded = read_rat(rat, download)
        whole = split in (None, "all")
        super().__init__(recorded if whole else recorded.at(part_samples(recorded.lap, split_no, split)), device)
        self.name, self.split_name, self.split_no = rat, split, split_no


class RatShuffled(_Rat):
    """One rat whose labels are permuted over time: a control, but no null (docs/numbers.md)."""

    def __init__(self, device: str = "cpu", download: bool = True, *, rat: str, seed: int):
        recorded = read_rat(rat, download)
        super().__init__(recorded.with_labels(shuffled(recorded.position, seed)), device)
        self.name = rat


class Rats(DatasetCollection):
    """The four rats as sessions, in the order of the alphabet."""

    def __init__(self, device: str = "cpu", download: bool = True):
        super().__init__([Rat(device, download, rat=name) for name in RATS])


class RatsPart(DatasetCollection):
    """The four rats in one fold of the published split."""

    def __init__(self, split: str | None = None, device: str = "cpu", download: bool = True, *, split_no: int):
        super().__init__([RatPart(split, device, download, rat=name, split_no=split_no) for name in RATS])


class SimulatedRat(_Rat):
    """A rat of the default study, with labels as those of the recorded ones: nothing to download."""

    def __init__(self, device: str = "cpu", **recipe: float):
        made = rats.simulate(**recipe)
        right = made.labels["direction"].values
        position = np.stack([made.labels["position"].values, right, 1 - right], axis=1)
        super().__init__(Recorded(made.neural, position, made.trial), device)


class Benchmark(TensorDataset):
    """The synthetic benchmark under one noise: `continuous` (15000, 1) is u, `latent` (15000, 2) is z.

    Samples are independent, so that only models of one sample and `delta_normal` positives suit them.
    """

    def __init__(self, seed: int = synthetic.SEED, device: str = "cpu", *, noise: str):
        made = synthetic.simulate(noise, seed)
        super().__init__(made.neural, continuous=made.label[:, None], device=device)
        self.latent, self.rate = (torch.from_numpy(values).to(device) for values in (made.latent, made.rate))
