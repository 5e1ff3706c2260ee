"""Decoders of labels from an embedding, as scikit-learn estimators.

Schneider, Lee and Mathis 2023, doi 10.1038/s41586-023-06031-6, decode with nearest neighbours (cosine distance) and,
for the kinematics of a movement, with an L1-regularised linear regression.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import mode
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Lasso
from sklearn.metrics import r2_score
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..data.arrays import detached, plain
from ..errors import Problem, UserError
from .neighbours import PAIRWISE, TREE, nearest

SQUARES = (1, 4, 9, 16, 25)  # neighbours
ALPHAS = (0.001, 0.01, 0.1, 1, 10, 100)


def _several_labels(tags: Tags) -> Tags:
    tags.target_tags.multi_output = True
    return tags


def _checked(estimator: BaseEstimator, x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """(sample, dimension) and (sample,) or (sample, label), finite and of equal length."""
    return validate_data(
        estimator, detached(x), detached(y), multi_output=True, y_numeric=False, dtype=[np.float64, np.float32]
    )


def _codes(columns: np.ndarray, classes: list[np.ndarray]) -> np.ndarray:
    """(sample, label) the place of each label among its classes."""
    return np.stack([np.searchsorted(each, column) for each, column in zip(classes, columns.T, strict=True)], axis=1)


def _columns(values: np.ndarray) -> np.ndarray:
    """(sample, label) of labels that come as one column or several."""
    return values.reshape(len(values), -1)


def _r2(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """(label,) 1 - residual over total sum of squares, as scikit-learn has it."""
    return np.atleast_1d(r2_score(_columns(truth), _columns(predicted), multioutput="raw_values"))


class KNNDecoder(BaseEstimator):
    """Labels from the nearest training samples of an embedding.

    Float labels are continuous: the mean of the neighbours. All others (whole numbers, booleans, texts) are classes:
    the most frequent one among the neighbours, of equally frequent ones the first in order.

    Args:
        n_neighbors: how many.
        metric: a distance that scikit-learn knows; cosine for embeddings of length one.
    """

    def __init__(self, n_neighbors: int = 3, metric: str = "cosine"):
        self.n_neighbors, self.metric = n_neighbors, metric

    def __sklearn_tags__(self) -> Tags:
        return _several_labels(super().__sklearn_tags__())

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Itself, with the samples X (sample, dimension) and their labels y: (sample,), or (sample, label)."""
        x, y = _checked(self, X, y)
        self.continuous_ = y.dtype.kind == "f"
        if not self.continuous_:
            check_classification_targets(y[:, 0] if y.ndim > 1 else y)
            y = y[:, 0] if y.ndim > 1 and y.shape[1] == 1 else y
        if len(x) < self.n_neighbors:
            remedy = "Lower n_neighbors."
            raise UserError(
                Problem("X", f"{self.n_neighbors} samples (n_neighbors) or more", f"n_samples = {len(x)}", remedy)
            )
        self.knn_ = NearestNeighbors(n_neighbors=self.n_neighbors, metric=self.metric).fit(x)
        self.rows_, self.flat_, columns = x, y.ndim == 1, y.reshape(len(y), -1)
        self.classes_ = None if self.continuous_ else [np.unique(column) for column in columns.T]
        self.labels_ = columns if self.continuous_ else _codes(columns, self.classes_)
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """(sample,) or (sample, label): the labels of X (sample, dimension), of the kind and shape given to `fit`."""
        check_is_fitted(self)
        near = self._nearest(validate_data(self, detached(X), reset=False, dtype=[np.float64, np.float32]))
        votes = self.labels_[near]  # (sample, neighbour, label)
        if self.continuous_:
            found = votes.mean(axis=1)
        else:
            codes = mode(votes, axis=1).mode
            found = np.stack([each[code] for each, code in zip(self.classes_, codes.T, strict=True)], axis=1)
        return found[:, 0] if self.flat_ else found

    def _nearest(self, query: np.ndarray) -> np.ndarray:
        if self.metric in PAIRWISE and query.shape[1] <= TREE:
            return nearest(self.rows_, query, self.n_neighbors, self.metric)
        return self.knn_.kneighbors(query, return_distance=False)

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """R² of continuous labels; of classes the share that is right. The mean over labels, where there are several.

        scikit-learn asks for one number. Labels of several kinds belong apart: a mean of position and direction says
        nothing about either, and `score_columns` has them one by one.
        """
        return float(self.score_columns(X, y).mean())

    def score_columns(self, X: ArrayLike, y: ArrayLike) -> np.ndarray:
        """(label,) the score of each label by itself: R² of continuous ones, of classes the share that is right."""
        predicted, truth = self.predict(X), plain(y)
        if self.continuous_:
            return _r2(truth, predicted)
        return (_columns(predicted) == _columns(truth)).mean(axis=0)

    @staticmethod
    def iter_hyperparams() -> Iterator[dict[str, object]]:
        """Arguments of decoders to choose among on validation data."""
        return ({"n_neighbors": k, "metric": "cosine"} for k in SQUARES)


class L1LinearRegressor(RegressorMixin, BaseEstimator):
    """Labels as a linear function of an embedding, with few coefficients: least squares with an L1 penalty (Lasso).

    Args:
        alpha: weight of the penalty; at the default few coefficients of an embedding of length one stay above zero.
    """

    def __init__(self, alpha: float = 1.0):
        self.alpha = alpha

    def __sklearn_tags__(self) -> Tags:
        return _several_labels(super().__sklearn_tags__())

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Itself, fitted to X (sample, dimension) and y: (sample,), or (sample, label)."""
        x, y = _checked(self, X, y)
        self.lasso_ = Lasso(alpha=self.alpha).fit(x, y)
        if not np.any(self.lasso_.coef_):
            text = f"alpha={self.alpha:g} leaves no coefficient above zero: every prediction is the mean. Lower alpha"
            warnings.warn(text, stacklevel=2)
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """(sample,) or (sample, label): the labels of X (sample, dimension)."""
        check_is_fitted(self)
        return self.lasso_.predict(validate_data(self, detached(X), reset=False, dtype=[np.float64, np.float32]))

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """R², the mean over labels where there are several; `score_columns` has them one by one."""
        return float(self.score_columns(X, y).mean())

    def score_columns(self, X: ArrayLike, y: ArrayLike) -> np.ndarray:
        """(label,) R² of each label by itself."""
        return _r2(plain(y), self.predict(X))

    @staticmethod
    def iter_hyperparams() -> Iterator[dict[str, object]]:
        """Arguments of regressors to choose among on validation data."""
        return ({"alpha": alpha} for alpha in ALPHAS)
