"""Pseudo-inverses of many small matrices, and what they have to satisfy."""

from __future__ import annotations

import numpy as np
import torch

from ..errors import Problem, UserError

# Singular values below this share of the largest are zero. A model that brings embeddings to length one has a Jacobian
# without full rank (its columns are orthogonal to the embedding); in single precision the missing singular value comes
# out as about 1e-7, and its inverse would be noise of that size turned over.
RANK = 1e-5
METHODS = ("lsq", "svd")


def inverse(jacobian: np.ndarray, method: str = "lsq") -> np.ndarray:
    """(sample, output, neuron): the Moore-Penrose inverse of each matrix (output, neuron), transposed.

    Entry [output, neuron] is how the neuron changes with the latent, along the smallest change of neurons that does it.
    `lsq` solves J X = 1 by least squares, `svd` inverts singular values; they agree.
    """
    if method not in METHODS:
        raise UserError(Problem("method", "lsq or svd", repr(method)))
    wide = np.asarray(jacobian, np.float64)
    if method == "svd":
        found = np.linalg.pinv(wide, rcond=RANK)
    else:
        ones = torch.eye(wide.shape[1], dtype=torch.float64).expand(len(wide), -1, -1)
        found = torch.linalg.lstsq(torch.from_numpy(wide), ones, rcond=RANK, driver="gelsd").solution.numpy()
    return found.swapaxes(1, 2)


def moore_penrose(jacobian: np.ndarray, pseudo: np.ndarray, tolerance: float = 1e-4) -> np.ndarray:
    """(sample, 4) bool: J X J = J, X J X = X, J X is symmetric, X J is symmetric; X transposed as `inverse` gives it.

    Up to `tolerance` times the largest entry of what is compared (Penrose 1955).
    """
    j, x = np.asarray(jacobian, np.float64), np.asarray(pseudo, np.float64).swapaxes(1, 2)
    pairs = [(j @ x @ j, j), (x @ j @ x, x), ((j @ x).swapaxes(1, 2), j @ x), ((x @ j).swapaxes(1, 2), x @ j)]
    return np.stack([_equal(a, b, tolerance) for a, b in pairs], axis=1)


def _equal(a: np.ndarray, b: np.ndarray, tolerance: float) -> np.ndarray:
    return abs(a - b).max(axis=(1, 2)) <= tolerance * abs(b).max(axis=(1, 2))
