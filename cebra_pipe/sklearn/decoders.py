"""Decoders of labels and points beside nearest neighbours: naive Bayes on counts, principal components, the constant.

Each gives candidates (one per k or bandwidth), in which a caller chooses on the valid part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from scipy.ndimage import gaussian_filter1d

from ..data.recording import Label
from .points import Target, geometric_median

DIRECT = 1500  # matrices up to this size are decomposed directly, larger ones iteratively to the same precision
BANDWIDTHS = (0.0, 0.75, 1.5, 2.25, 3.0, 4.0, 5.5)  # bins of the continuous label
PRIOR_SAMPLES = 2.0  # samples at a neuron's mean rate that are added to each bin, so that no rate is zero


# ---- windows and principal components --------------------------------------------------------------------------------
def windows(neural: np.ndarray, samples: np.ndarray, before: int, after: int) -> np.ndarray:
    """(sample, window × neuron) float: the flattened windows from t - before to t + after - 1, no digit lost."""
    frames = samples[:, None] + np.arange(-before, after)
    return neural.astype(np.promote_types(neural.dtype, np.float32))[frames].reshape(len(samples), -1)


@dataclass(frozen=True)
class Components:
    """Principal components."""

    mean: np.ndarray  # (feature,)
    axes: np.ndarray  # (feature, component)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        return rows @ self.axes - self.mean @ self.axes


def principal_components(rows: np.ndarray, count: int) -> Components:
    """The `count` leading components of the rows, exact; the largest entry of each is positive."""
    mean = rows.mean(axis=0, dtype=np.float64)
    centred = np.asarray(rows, np.float64) - mean
    wide = centred.shape[1] > centred.shape[0]
    count = min(count, *centred.shape)
    vectors = _leading(centred.T if wide else centred, count)
    axes = centred.T @ vectors if wide else vectors
    axes = axes / np.maximum(np.linalg.norm(axes, axis=0), 1e-300)
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(count)])
    return Components(mean, axes * np.where(signs == 0, 1, signs))


def _leading(rows: np.ndarray, count: int) -> np.ndarray:
    """(column, count) leading eigenvectors of rows.T @ rows, the largest first."""
    size = rows.shape[1]
    if size <= DIRECT or count >= size - 1:
        return eigh(rows.T @ rows, subset_by_index=[size - count, size - 1])[1][:, ::-1]
    from scipy.sparse.linalg import LinearOperator, eigsh  # tenths of a second, and rarely needed

    gram = LinearOperator((size, size), matvec=lambda v: rows.T @ (rows @ v), dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(size)
    values, vectors = eigsh(gram, k=count, v0=start, which="LA", tol=0)
    return vectors[:, np.argsort(-values, kind="stable")]


# ---- naive Bayes -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Grid:
    """The joint bins of a continuous label and the classes of discrete ones, or those of the coordinates of a point."""

    shape: tuple[int, ...]  # (bin, class, class, …), one bin where there is no continuous label; or (bin, bin, …)
    cell: np.ndarray  # (time,) int64 flat bin of each sample
    circular: bool = False
    smooth: int = 1  # leading axes that are smoothed over


@dataclass(frozen=True)
class Counts:
    """Values summed in a window about each sample."""

    summed: np.ndarray  # (time, neuron) float64
    samples: np.ndarray  # (time,) samples in the window: fewer at the ends of an epoch


def summed_counts(neural: np.ndarray, epoch: np.ndarray, width: int) -> Counts:
    """Sums over `width` samples centred on each sample, cut off at the borders of its epoch."""
    length = len(neural)
    index = np.arange(length)
    start = np.maximum(index - width // 2, np.searchsorted(epoch, epoch, side="left"))
    stop = np.minimum(index - width // 2 + width, np.searchsorted(epoch, epoch, side="right"))
    total = np.zeros((length + 1, neural.shape[1]))
    np.cumsum(neural, axis=0, dtype=np.float64, out=total[1:])
    return Counts(total[stop] - total[start], stop - start)


def grid(continuous: Label | None, discrete: Sequence[Label], bins: int, train: np.ndarray) -> Grid:
    """Bins over the range of the training samples (the circle where there is a period), times the classes there."""
    codes, shape = [_bin_of(continuous, bins, train)], [bins if continuous else 1]
    for label in discrete:
        classes = np.unique(label.values[train])
        codes.append(np.minimum(np.searchsorted(classes, label.values), len(classes) - 1))
        shape.append(len(classes))
    cell = np.ravel_multi_index([np.broadcast_to(c, len(train)) for c in codes], shape)
    return Grid(tuple(shape), cell, bool(continuous and continuous.period))


def place_grid(values: np.ndarray, bins: int, train: np.ndarray) -> tuple[Grid, np.ndarray]:
    """Bins over the range of the training samples along each axis of points (time, axis), and the place of each cell.

    Its place (cell, axis) is the mean of the training samples in a cell, of one without samples its middle.
    """
    axes = [Label(axis) for axis in values.T]
    shape = (bins,) * len(axes)
    cell = np.ravel_multi_index([_bin_of(axis, bins, train) for axis in axes], shape)
    found = [edges(axis, bins, train) for axis in axes]
    middles = np.meshgrid(*((each[1:] + each[:-1]) / 2 for each in found), indexing="ij")
    middle = np.stack([each.ravel() for each in middles], axis=1)
    count = np.bincount(cell[train], minlength=len(middle))[:, None]
    total = np.stack([np.bincount(cell[train], axis[train], len(middle)) for axis in values.T], axis=1)
    return Grid(shape, cell, smooth=len(axes)), np.where(count > 0, total / np.maximum(count, 1), middle)


def edges(label: Label, bins: int, train: np.ndarray) -> np.ndarray:
    """(bin + 1,) over the range of the training samples, or the circle."""
    low, high = (0.0, label.period) if label.period else (label.values[train].min(), label.values[train].max())
    return np.linspace(low, high if high > low else low + 1, bins + 1)


def _bin_of(label: Label | None, bins: int, train: np.ndarray) -> np.ndarray:
    if label is None:
        return np.zeros(len(train), np.int64)
    first, second = edges(label, bins, train)[:2]
    values = label.values % label.period if label.period else label.values
    return np.clip(((values - first) / (second - first)).astype(np.int64), 0, bins - 1)


def quasi_counts(neural: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Counts as they are; other values ≥ 0 over their Fano factor on the training samples.

    The Poisson likelihood is then a quasi-likelihood: variance equals mean, whatever the unit of fluorescence is.
    """
    if np.issubdtype(neural.dtype, np.integer) or (neural == np.floor(neural)).all():
        return neural
    mean, variance = neural[train].mean(axis=0, dtype=np.float64), neural[train].var(axis=0, dtype=np.float64)
    fano = np.where((mean > 0) & (variance > 0), variance / np.where(mean > 0, mean, 1), 1.0)
    return neural / fano


def tuning(neural: np.ndarray, bins: Grid, train: np.ndarray, bandwidth: float) -> tuple[np.ndarray, np.ndarray]:
    """(cell, neuron) expected values a sample and (cell,) occupancy in samples, smoothed over what is continuous."""
    cells = int(np.prod(bins.shape))
    index = np.flatnonzero(train)
    occupied = np.bincount(bins.cell[index], minlength=cells).astype(np.float64)
    order = index[np.argsort(bins.cell[index], kind="stable")]
    present, start = np.unique(bins.cell[order], return_index=True)
    totals = np.zeros((cells, neural.shape[1]))
    totals[present] = np.add.reduceat(neural[order].astype(np.float64), start, axis=0)
    occupied, smooth = _smoothed(occupied[:, None], bins, bandwidth), _smoothed(totals, bins, bandwidth)
    mean = neural[index].mean(axis=0, dtype=np.float64)
    rates = (smooth + PRIOR_SAMPLES * np.maximum(mean, 1e-6)) / (occupied + PRIOR_SAMPLES)
    return rates, occupied[:, 0]


def _smoothed(values: np.ndarray, bins: Grid, bandwidth: float) -> np.ndarray:
    if bandwidth == 0:
        return values
    shaped = values.reshape(*bins.shape[: bins.smooth], -1)
    mode = "wrap" if bins.circular else "constant"
    for axis in range(bins.smooth):
        shaped = gaussian_filter1d(shaped, bandwidth, axis=axis, mode=mode)
    return shaped.reshape(values.shape)


def log_posterior(rates: np.ndarray, occupied: np.ndarray, counts: Counts, samples: np.ndarray) -> np.ndarray:
    """(sample, cell) ln P(cell | counts) but for a constant of the sample: Poisson neurons, occupancy as prior."""
    log = counts.summed[samples] @ np.log(rates.T) - counts.samples[samples, None] * rates.sum(axis=1)
    log += np.log(occupied + 1e-9)
    return log


def posterior(rates: np.ndarray, occupied: np.ndarray, counts: Counts, samples: np.ndarray) -> np.ndarray:
    """(sample, cell) P(cell | counts): independent Poisson neurons, occupancy as prior."""
    log = log_posterior(rates, occupied, counts, samples)
    log -= log.max(axis=1, keepdims=True)
    return np.exp(log) / np.exp(log).sum(axis=1, keepdims=True)


def most_probable(probability: np.ndarray, bins: Grid, axis: int) -> np.ndarray:
    """(sample,) index along one axis of the grid where the marginal posterior is highest."""
    others = tuple(i + 1 for i in range(len(bins.shape)) if i != axis)
    return probability.reshape(-1, *bins.shape).sum(axis=others).argmax(axis=1)


# ---- the constant ----------------------------------------------------------------------------------------------------
def constant(label: Target, train: np.ndarray) -> float | np.ndarray:
    """The training median (circle and point (axis,): the place of least mean distance), or the most frequent class."""
    values = label.values[train]
    if label.kind == "point":
        return geometric_median(values)
    if label.discrete:
        classes, counts = np.unique(values, return_counts=True)
        return classes[counts.argmax()]
    if not label.period:
        return float(np.median(values))
    tried = np.linspace(0, label.period, 361)[:-1]
    apart = np.abs((values[None] - tried[:, None] + label.period / 2) % label.period - label.period / 2)
    return float(tried[apart.mean(axis=1).argmin()])
