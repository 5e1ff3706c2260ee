"""Orthogonal Procrustes: one embedding turned onto another, with the memory of the embeddings and no more."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..errors import Problem, Problems, UserError
from ..streams import generator
from .pairing import cross

if TYPE_CHECKING:
    from .base import Dataset, Loader

FEW_PAIRS = 1000  # pairs below which the rotation is a matter of the draw


def procrustes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(dim, dim) orthogonal R that minimises ||x R - y||, rotation or reflection (Schönemann 1966).

    Rows of `x` and `y` belong together; nothing is centred or scaled.
    """
    # einsum without BLAS: the same bytes whatever the number of threads.
    return _orthogonal(np.einsum("ni,nj->ij", np.asarray(x, np.float64), np.asarray(y, np.float64)))


def _orthogonal(products: np.ndarray) -> np.ndarray:
    left, _, right = np.linalg.svd(products)
    return left @ right


class OrthogonalProcrustesAlignment:
    """Turns one embedding onto another by pairs of samples with near labels.

    Every sample of `data` is paired with the `top_k` samples of `ref_data` whose labels are nearest (Euclidean). Where
    more are equally near than `top_k` admits, all of them share the places left. Without labels, samples are paired one
    to one. `subsample` draws that many pairs with replacement, the same ones for the same `seed`.
    """

    def __init__(self, top_k: int = 5, subsample: int | None = None, seed: int = 0):
        problems = Problems()
        for name, value in {"top_k": top_k, "subsample": subsample}.items():
            if value is not None and (not isinstance(value, int | np.integer) or value < 1):
                problems.add(name, "a whole number from 1", repr(value))
        problems.raise_any()
        if subsample is not None and subsample < FEW_PAIRS:
            warnings.warn(
                f"subsample={subsample}: below {FEW_PAIRS} pairs the rotation depends on the draw", stacklevel=2
            )
        self.top_k, self.subsample, self.seed = int(top_k), subsample, seed
        self.rotation_: np.ndarray | None = None  # (dim, dim)

    def fit(
        self,
        ref_data: ArrayLike,
        data: ArrayLike,
        ref_label: ArrayLike | None = None,
        label: ArrayLike | None = None,
    ) -> OrthogonalProcrustesAlignment:
        """Itself, with the rotation that takes `data` (sample, dim) onto `ref_data` (sample, dim)."""
        reference, moved = np.asarray(ref_data), np.asarray(data)
        labels = {"ref_label": _columns(ref_label), "label": _columns(label)}
        _check(reference, moved, labels["ref_label"], labels["label"], self.top_k)
        moved = moved.astype(np.float64) * self._weights(len(moved), 1 if label is None else self.top_k)[:, None]
        reference = reference.astype(np.float64)
        self.rotation_ = (
            procrustes(moved, reference)
            if label is None
            else _orthogonal(cross(reference, moved, labels["ref_label"], labels["label"], self.top_k))
        )
        return self

    def transform(self, data: ArrayLike) -> np.ndarray:
        """(sample, dim) `data`, turned."""
        if self.rotation_ is None:
            raise UserError(Problem("transform", "a fitted alignment", "none", "Call fit or fit_transform first."))
        moved = np.asarray(data)
        if moved.ndim != 2 or moved.shape[1] != len(self.rotation_):
            raise UserError(Problem("data", f"(sample, {len(self.rotation_)}) as in fit", str(moved.shape)))
        kept = moved.dtype if moved.dtype.kind == "f" else np.dtype(np.float64)
        return (moved.astype(np.float64) @ self.rotation_).astype(kept)

    def fit_transform(
        self,
        ref_data: ArrayLike,
        data: ArrayLike,
        ref_label: ArrayLike | None = None,
        label: ArrayLike | None = None,
    ) -> np.ndarray:
        """(sample, dim) `data`, turned onto `ref_data`."""
        return self.fit(ref_data, data, ref_label, label).transform(data)

    def _weights(self, samples: int, each: int) -> np.ndarray:
        """(sample,) how often each sample's pairs count: once, or as often as `subsample` drew it."""
        if self.subsample is None:
            return np.ones(samples)
        if self.subsample > samples * each:
            warnings.warn(f"subsample={self.subsample} is ignored: there are {samples * each} pairs", stacklevel=3)
            return np.ones(samples)
        drawn = generator("procrustes", self.seed, samples).integers(0, samples, self.subsample)
        return np.bincount(drawn, minlength=samples).astype(np.float64)


def ensemble_embeddings(
    embeddings: Sequence[ArrayLike],
    labels: Sequence[ArrayLike] | None = None,
    post_norm: bool = False,
    n_jobs: int = 0,
) -> np.ndarray:
    """(sample, dim) mean of several embeddings of the same samples, each turned onto the first.

    Args:
        embeddings: two or more of one shape (sample, dim).
        labels: of the samples of each embedding, to pair them by; without, the same sample is paired with itself.
        post_norm: bring the mean to length one.
        n_jobs: embeddings aligned at a time in threads; 0 for one after the other, -1 for as many as there are cores.

    Raises:
        ValueError: fewer than two, or of different shapes, or labels that are not one array an embedding.
    """
    arrays = [np.asarray(values) for values in embeddings]
    _check_ensemble(arrays, labels, n_jobs)
    here = [None] * len(arrays) if labels is None else list(labels)

    def turned(values: np.ndarray, label: ArrayLike | None) -> np.ndarray:
        return OrthogonalProcrustesAlignment().fit_transform(arrays[0], values, here[0], label)

    with ThreadPoolExecutor((os.cpu_count() if n_jobs < 0 else n_jobs) or 1) as pool:
        mean = np.mean([arrays[0], *pool.map(turned, arrays[1:], here[1:])], axis=0)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True) if post_norm else mean


def _check_ensemble(arrays: list[np.ndarray], labels: Sequence[ArrayLike] | None, n_jobs: int) -> None:
    problems = Problems()
    if len(arrays) < 2:
        problems.add("embeddings", "two or more", str(len(arrays)))
    if len(shapes := dict.fromkeys(str(values.shape) for values in arrays)) > 1:
        problems.add("embeddings", "the same samples and dimensions", ", ".join(shapes))
    if labels is not None and len(labels) != len(arrays):
        problems.add("labels", f"{len(arrays)}, one an embedding", str(len(labels)))
    if not isinstance(n_jobs, int | np.integer) or n_jobs < -1:
        problems.add("n_jobs", "a whole number from -1", repr(n_jobs))
    problems.raise_any()


def _columns(label: ArrayLike | None) -> np.ndarray | None:
    """(sample, label) float64 of labels that come as one column or several."""
    if label is None:
        return None
    values = np.asarray(label, np.float64)
    return values[:, None] if values.ndim == 1 else values


def _check(
    reference: np.ndarray, moved: np.ndarray, ref_label: np.ndarray | None, label: np.ndarray | None, top_k: int
) -> None:
    problems = Problems()
    for name, values in {"ref_data": reference, "data": moved, "ref_label": ref_label, "label": label}.items():
        if values is None:
            continue
        if values.ndim != 2 or not values.size:
            problems.add(name, "an array (sample, dimension) that is not empty", f"shape {values.shape}")
        elif not np.isfinite(values).all():
            problems.add(name, "finite numbers", f"{int((~np.isfinite(values)).sum())} NaN or infinite values")
    problems.raise_any()
    if reference.shape[1] != moved.shape[1]:
        problems.add("data", f"{reference.shape[1]} dimensions as in ref_data", str(moved.shape[1]))
    if (ref_label is None) != (label is None):
        given, absent = ("label", "ref_label") if ref_label is None else ("ref_label", "label")
        problems.add(absent, f"labels beside {given}", "none", "Give both, or neither where samples belong together.")
    elif label is None and len(reference) != len(moved):
        found = f"{len(reference)} and {len(moved)} samples without labels"
        problems.add("data", "as many samples as in ref_data", found, "Give ref_label and label to pair them by.")
    elif label is not None:
        _check_labels(problems, reference, moved, ref_label, label, top_k)
    problems.raise_any()


def _check_labels(
    problems: Problems, reference: np.ndarray, moved: np.ndarray, ref_label: np.ndarray, label: np.ndarray, top_k: int
) -> None:
    for name, values, samples in (("ref_label", ref_label, len(reference)), ("label", label, len(moved))):
        if len(values) != samples:
            problems.add(name, f"{samples} samples as in its data", str(len(values)))
    if ref_label.shape[1] != label.shape[1]:
        problems.add("label", f"{ref_label.shape[1]} columns as in ref_label", str(label.shape[1]))
    if len(reference) < top_k:
        problems.add("ref_data", f"{top_k} samples or more (top_k)", str(len(reference)), "Lower top_k.")


def get_loader_options(dataset: Dataset) -> list[type[Loader]]:
    """The loader classes whose labels `dataset` has, of one session or of several."""
    # By name: what stages import of this file is what a change of code reruns, and no stage needs loaders here.
    return import_module(".options", __package__).loader_options(dataset)
