"""Scores of embeddings: consistency up to a linear map, and goodness of fit in bits."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from itertools import combinations, permutations

import numpy as np
from numpy.typing import ArrayLike

from ..data.arrays import plain
from ..errors import Problem, Problems, UserError, did_you_mean
from .bins import FEWEST_BINS, bin_means, bin_sums, unit_rows
from .goodness import goodness_of_fit_history, goodness_of_fit_score, infonce_loss, infonce_to_goodness_of_fit
from .maps import complete, linear_map_r2

__all__ = [
    "bin_means",
    "consistency_score",
    "goodness_of_fit_history",
    "goodness_of_fit_score",
    "infonce_loss",
    "infonce_to_goodness_of_fit",
    "linear_map_r2",
]
SHARED = "Check that their labels share unit and range, or use fewer bins."


def consistency_score(
    embeddings: Sequence[ArrayLike],
    between: str | None = None,
    labels: Sequence[ArrayLike] | None = None,
    dataset_ids: Sequence[Hashable] | None = None,
    num_discretization_bins: int = 100,
    *,
    include_maximum: bool = True,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (pair,), pairs (pair, 2) and ids: R² (at most 1) of the linear map from the first of a pair to the second.

    The map is fitted and scored on the same points. Between `runs` these are the samples. Between `datasets` they are
    the mean embeddings in common bins of `labels`, each of length 1 (Schneider et al. 2023, Methods): for continuous
    labels `num_discretization_bins` edges from the smallest to the largest of all labels; an empty bin takes the
    samples of its two neighbours, else of their neighbours, else drops out of the pair. Whole-number, boolean and text
    labels with at most `num_discretization_bins` values are classes, one bin each; real numbers of fewer values than
    bins are not, with a warning: their bins repeat each other. Embeddings that share an id are averaged over equal
    pairs; they are not compared with each other.

    The largest label belongs to the last bin; `include_maximum=False` leaves it out of it, as cebra 0.6.1 does.
    """
    modes = {"datasets": _between_datasets, "runs": _between_runs}
    if between not in modes:
        raise UserError(Problem("between", "datasets or runs", repr(between), did_you_mean(between, modes)))
    arrays = [plain(values).astype(np.float64) for values in embeddings]
    _check_embeddings(arrays)
    return modes[between](arrays, labels, dataset_ids, num_discretization_bins, include_maximum)


def _between_runs(
    arrays: list[np.ndarray], labels: object, dataset_ids: object, n_bins: int, include_maximum: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    problems = Problems()
    for name, given in {"labels": labels, "dataset_ids": dataset_ids}.items():
        if given is not None:
            problems.add(name, "none between runs", "some", "Runs are compared sample by sample: leave it out.")
    if len({len(values) for values in arrays}) > 1:
        found = ", ".join(str(len(values)) for values in arrays)
        problems.add("embeddings", "runs of equal length", found, "Use between='datasets' with labels.")
    problems.raise_any()
    pairs = list(permutations(range(len(arrays)), 2))
    scores = [float(linear_map_r2(arrays[i], arrays[j])) for i, j in pairs]
    return np.asarray(scores), np.asarray(pairs), np.arange(len(arrays))


def _between_datasets(
    arrays: list[np.ndarray],
    labels: Sequence[ArrayLike] | None,
    dataset_ids: Sequence[Hashable] | None,
    n_bins: int,
    include_maximum: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    known = _check_labels(arrays, labels, n_bins)
    ids = list(range(len(arrays))) if dataset_ids is None else list(dataset_ids)
    _check_ids(ids, len(arrays))
    classes = _classes(known, n_bins)
    if classes is not None:
        means = _class_means(arrays, known, classes)
        own = [complete(rows) for rows in means]
    else:
        means, own = _filled_means(arrays, known, n_bins, include_maximum)
        _warn_of_steps(known, n_bins)
    means = [unit_rows(rows) for rows in means]
    _check_common(means, own, ids, classes is not None)
    of_pair: dict[tuple, list[float]] = {}
    for i, j in permutations(range(len(arrays)), 2):
        if ids[i] != ids[j]:
            of_pair.setdefault((ids[i], ids[j]), []).append(float(linear_map_r2(means[i], means[j])))
    scores = np.asarray([np.mean(values) for values in of_pair.values()])
    return scores, np.asarray(list(of_pair)), np.asarray(list(dict.fromkeys(ids)))


# ---- bins ------------------------------------------------------------------------------------------------------------
def _classes(labels: list[np.ndarray], n_bins: int) -> np.ndarray | None:
    """The distinct values of labels that are classes, None for continuous ones."""
    if any(values.dtype.kind == "f" for values in labels):
        return None
    distinct = np.unique(np.concatenate(labels))
    return distinct if len(distinct) <= n_bins else None


def _class_means(arrays: list[np.ndarray], labels: list[np.ndarray], classes: np.ndarray) -> list[np.ndarray]:
    found = []
    for values, label in zip(arrays, labels, strict=True):
        kept = complete(values)
        found.append(bin_means(values[kept], np.searchsorted(classes, label[kept]), len(classes))[0])
    return found


def _filled_means(
    arrays: list[np.ndarray], labels: list[np.ndarray], n_bins: int, include_maximum: bool
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """(n_bins - 1, dim) a data set, NaN where neither the bin nor a neighbour has samples; (n_bins - 1,) which has."""
    low, high = min(label.min() for label in labels), max(label.max() for label in labels)
    edges = np.linspace(low, high, n_bins)
    found, own = [], []
    for values, label in zip(arrays, labels, strict=True):
        kept = complete(values)
        index = np.digitize(label[kept], edges)  # 1 to n_bins, the last for the largest label alone
        index = np.minimum(index, n_bins - 1) if include_maximum else index
        sums, counts = bin_sums(values[kept], index, n_bins + 1)
        found.append(_fill(sums, counts))
        own.append(counts[1:n_bins] > 0)
    return found, own


def _fill(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(bin, dim) means of the inner bins: their own samples, else those of the bins 1 away, else 2 away."""
    sums, counts = np.pad(sums, ((2, 2), (0, 0))), np.pad(counts, 2)
    inner = np.arange(3, len(counts) - 3)  # bins 1 … n_bins - 1
    means = np.full((len(inner), sums.shape[1]), np.nan)
    for away in (2, 1, 0):
        total, number = sums[inner - away] + sums[inner + away], counts[inner - away] + counts[inner + away]
        means = np.where(number[:, None] > 0, total / np.maximum(number, 1)[:, None], means)
    return means


# ---- checks ----------------------------------------------------------------------------------------------------------
def _check_embeddings(arrays: list[np.ndarray]) -> None:
    problems = Problems()
    if len(arrays) < 2:
        problems.add("embeddings", "two or more", str(len(arrays)))
    for i, values in enumerate(arrays):
        if values.ndim != 2 or not values.size:
            problems.add(f"embeddings[{i}]", "an array (sample, dimension) that is not empty", f"shape {values.shape}")
        elif np.isinf(values).any():
            problems.add(f"embeddings[{i}]", "finite numbers", f"{int(np.isinf(values).sum())} infinite values")
        elif not complete(values).any():
            problems.add(f"embeddings[{i}]", "samples without NaN", "none")
    problems.raise_any()


def _check_labels(arrays: list[np.ndarray], labels: Sequence[ArrayLike] | None, n_bins: int) -> list[np.ndarray]:
    if labels is None:
        raise UserError(
            Problem("labels", "one array an embedding", "none", "Data sets are compared in bins of labels.")
        )
    known, problems = [plain(label) for label in labels], Problems()
    if len(known) != len(arrays):
        problems.add("labels", f"{len(arrays)}, one an embedding", str(len(known)))
    for i, (values, label) in enumerate(zip(arrays, known, strict=False)):
        if label.shape != (len(values),):
            remedy = "Choose one column." if label.ndim > 1 else ""
            problems.add(f"labels[{i}]", f"one value a sample, shape ({len(values)},)", f"shape {label.shape}", remedy)
        elif label.dtype.kind == "f" and not np.isfinite(label).all():
            problems.add(f"labels[{i}]", "finite numbers", f"{int((~np.isfinite(label)).sum())} NaN or infinite values")
    if n_bins < 3:
        problems.add("num_discretization_bins", "a number from 3", str(n_bins))
    text = {label.dtype.kind in "OSU" for label in known}
    if text == {True, False}:
        problems.add("labels", "text in all or in none", "both kinds")
    problems.raise_any()
    known = [label.astype(str) if label.dtype.kind in "OSU" else label for label in known]
    _check_varies(known, n_bins)
    return known


def _check_varies(labels: list[np.ndarray], n_bins: int) -> None:
    distinct = np.unique(np.concatenate(labels))
    if len(distinct) < 2:
        raise UserError(Problem("labels", "labels that vary", f"{distinct[0]} all along"))
    if labels[0].dtype.kind == "U" and len(distinct) > n_bins:
        expected = f"at most {n_bins} classes (num_discretization_bins)"
        raise UserError(Problem("labels", expected, f"{len(distinct)} texts", "Raise num_discretization_bins."))


def _check_ids(ids: list, embeddings: int) -> None:
    problems = Problems()
    if len(ids) != embeddings:
        problems.add("dataset_ids", f"{embeddings}, one an embedding", str(len(ids)))
    if len(set(ids)) < 2:
        problems.add("dataset_ids", "two distinct ids or more", str(sorted(set(ids), key=str)))
    problems.raise_any()


def _warn_of_steps(labels: list[np.ndarray], n_bins: int) -> None:
    """A warning where labels have fewer values than there are bins, so that most bins are others' samples again."""
    distinct = len(np.unique(np.concatenate(labels)))
    if distinct < n_bins - 1:
        text = (
            f"labels have {distinct} values for {n_bins - 1} bins: those between two values take the samples of their "
            "neighbours, which count several times. If values are classes, pass [y.astype(str) for y in labels], one "
            "bin each; else lower num_discretization_bins"
        )
        warnings.warn(text, stacklevel=4)


def _check_common(means: list[np.ndarray], own: list[np.ndarray], ids: list, classes: bool) -> None:
    """Every pair has bins in common, and a warning where some dropped out or a map cannot fail.

    own: (bin,) of each data set, whether a bin has samples of its own or those of its neighbours.
    """
    problems, what = Problems(), "classes" if classes else "bins"
    fewest, total, dim = 2 if classes else FEWEST_BINS, len(means[0]), means[0].shape[1]
    pairs = [(i, j) for i, j in combinations(range(len(means)), 2) if ids[i] != ids[j]]
    common = {(i, j): complete(means[i]) & complete(means[j]) for i, j in pairs}
    for (i, j), both in common.items():
        if both.sum() < fewest:
            found = f"{both.sum()} of {total}"
            expected, remedy = f"{fewest} or more {what} with samples of both", SHARED
            problems.add(f"labels of {ids[i]} and {ids[j]}", expected, found, remedy)
    problems.raise_any()
    smallest = min(both.sum() for both in common.values())
    if smallest < total:
        warnings.warn(f"{what} without samples drop out: a pair shares {smallest} of {total}", stacklevel=4)
    # A bin that both took from its neighbours is one of their points again, or lies between two of them.
    points = min((common[i, j] & (own[i] | own[j])).sum() for i, j in pairs)
    if points <= dim + 1:
        nearly = " or nearly so" * bool(points < smallest)
        filled = f"{points} common {what}{' with samples of their own' * bool(points < smallest)}"
        text = f"R² is 1{nearly} by construction: {filled}, and a map with {dim + 1} coefficients an output"
        warnings.warn(text, stacklevel=4)
