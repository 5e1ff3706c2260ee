"""Sums of exponentials of all inner products from moments: exp as a polynomial, whose terms factor.

exp(s) ~ sum_k c_k s^k on [-reach, reach], to rounding, and (a.b)^k = sum_{|e| = k} k! / e! a^e b^e over the monomials
of degree k. So sum_j exp(a_i . b_j) = sum_e w_e a_i^e sum_j b_j^e: work of monomials x (n + m) instead of n x m. The
idea is that of the fast Gauss transform (Greengard and Strain 1991, doi 10.1137/0912004), for few dimensions, small s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.polynomial import Chebyshev, Polynomial
from torch import Tensor

REACH = 1.5  # beyond, terms of both signs cancel more than a digit: they are exp(2 reach) times their sum
WORTH = 2  # pairs for each number of the monomials from which on the moments were measured to be faster
HELD = 2**19  # numbers of monomials at a time: what a core's cache holds


@dataclass(frozen=True, eq=False)
class Expansion:
    """The monomials of some dimensions up to a degree, by degree, in each degree by their last dimension."""

    prefixes: tuple[tuple[int, ...], ...]  # (degree, dimension) monomials whose last dimension is this or one before
    weights: np.ndarray  # (monomial,) c_k k! / e!

    def monomials(self, x: Tensor) -> Tensor:
        """(dimension, n) -> (monomial, n)"""
        out, begin, end = x.new_empty(len(self.weights), x.shape[1]), 0, 1
        out[0] = 1
        for before in self.prefixes[:-1]:  # times each dimension, those that end at it or before it
            made = end
            for row, count in zip(x, before, strict=True):
                torch.mul(out[begin : begin + count], row, out=out[made : made + count])
                made += count
            begin, end = end, made
        return out


def expansion(reach: float, n: int, m: int, dimensions: int, eps: float) -> Expansion | None:
    """For (n, dimensions) and (m, dimensions) whose inner products lie within `reach`; None where it does not pay."""
    if not reach < REACH:
        return None
    coefficients = _exponential(math.ceil(64 * reach + 1) / 64, eps)
    if coefficients is None or n * m < WORTH * (n + m) * math.comb(dimensions + len(coefficients) - 1, dimensions):
        return None
    return _expansion(coefficients, dimensions)


def mean_log_sum(found: Expansion, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(n, d), (m, d) -> mean_i log sum_j exp(a_i . b_j), and times n its gradients."""
    weights = torch.as_tensor(found.weights, dtype=a.dtype)[:, None]
    ahead, behind, step = a.T.contiguous(), b.T.contiguous(), max(1, HELD // len(weights))
    # Rows of numbers that belong to one sample each would make these products four times slower.
    valued = torch.cat([behind, torch.ones_like(behind[:1])])
    of_b, of_a = (torch.zeros_like(weights).expand(-1, k).clone() for k in (len(valued), len(ahead)))
    sums, grad_b = a.new_empty(len(valued), len(a)), torch.empty_like(behind)
    for mine in _pieces(len(b), step):
        of_b += found.monomials(behind[:, mine]) @ valued[:, mine].T
    of_b *= weights  # (monomial, d + 1): sums over j of b^e b, and of b^e
    for mine in _pieces(len(a), step):
        powers = found.monomials(ahead[:, mine])
        sums[:, mine] = of_b.T @ powers
        of_a += powers @ (ahead[:, mine] / sums[-1, mine]).T
    of_a *= weights
    for mine in _pieces(len(b), step):
        grad_b[:, mine] = of_a.T @ found.monomials(behind[:, mine])
    return sums[-1].log().mean(), (sums[:-1] / sums[-1]).T, grad_b.T


def _pieces(number: int, step: int) -> list[slice]:
    return [slice(begin, begin + step) for begin in range(0, number, step)]


@lru_cache
def _expansion(coefficients: tuple[float, ...], dimensions: int) -> Expansion:
    exponents, prefixes, weights = np.zeros((1, dimensions), int), [(1,) * dimensions], [np.array(coefficients[:1])]
    for degree, coefficient in enumerate(coefficients[1:], start=1):
        raised = [exponents[:count] + np.eye(dimensions, dtype=int)[v] for v, count in enumerate(prefixes[-1])]
        prefixes.append(tuple(int(count) for count in np.cumsum([len(each) for each in raised])))
        exponents = np.concatenate(raised)
        orders = [math.factorial(degree) / math.prod(map(math.factorial, row)) for row in exponents.tolist()]
        weights.append(coefficient * np.array(orders))
    return Expansion(tuple(prefixes), np.concatenate(weights))


@lru_cache
def _exponential(reach: float, eps: float) -> tuple[float, ...] | None:
    """Coefficients of the shortest polynomial that is exp on [-reach, reach] to half of `eps`; None where none is."""
    at = np.linspace(-reach, reach, 500)
    for degree in range(1, 16):
        found = Chebyshev.interpolate(np.exp, degree, [-reach, reach]).convert(kind=Polynomial)
        if np.abs(found(at) / np.exp(at) - 1).max() < eps / 2:
            return tuple(found.coef.tolist())
    return None
