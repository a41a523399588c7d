"""Which kernel the rows speak for: the marginal likelihood of a Gaussian process and its gradient.

The kernel is ``amplitude × Matérn(5/2; every feature over its length) + slope × linear + noise`` (Rasmussen and
Williams 2006, chapters 4 and 5). Lengths have a prior that grows with the root of how many there are (Hvarfner,
Hellsten and Nardi 2024): the expected distance of two rows then does not depend on the number of features, and features
that say nothing do not fit noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from modelwright.learners.base import Deadline
from modelwright.runtime.scorers.kernel import likeness, squared_distances

__all__ = ["Hyper", "cholesky", "inverse_of", "most_likely", "solve"]

CENTRE, WIDTH = (0.6, 0.3, 0.1), (1.5, 2.0, 2.0)
"""Amplitude, noise and slope expected of a target of variance 1, and how many powers of e they may well be off."""

LENGTH = 2.0
"""Expected length over the root of the number of features that have one; it may well be off by a power of e."""

BOUNDS = ((-6.0, 5.0), (-9.0, 3.0), (-9.0, 5.0))
LENGTH_BOUNDS = (-4.0, 8.0)

JITTER = 1e-6
"""Added to the diagonal: kernels of alike rows are singular but for the noise."""

HOPELESS = 1e10  # what a kernel that cannot be factored counts


@dataclass(frozen=True)
class Hyper:
    """What the kernel is, for a target of mean 0 and variance 1.

    Attributes
    ----------
    amplitude, noise, slope : float
        Variances of the smooth part, of what no feature explains, and of the linear part.
    lengths : ndarray, shape (n_features,)
    """

    amplitude: float
    noise: float
    slope: float
    lengths: np.ndarray

    def smooth(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return the smooth part between rows that are divided by the lengths."""
        return self.amplitude * likeness(squared_distances(left, right))


def cholesky(matrix: np.ndarray) -> np.ndarray | None:
    """Return the lower triangle of the factor, in Fortran's order, of a symmetric matrix, which is overwritten; None
    where it has none."""
    factor, failed = lapack.dpotrf(matrix.T, lower=1, clean=1, overwrite_a=1)
    return None if failed else factor


def solve(factor: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return ``matrix⁻¹ target`` from the factor of the matrix."""
    return np.ascontiguousarray(lapack.dpotrs(factor, target, lower=1)[0])


def inverse_of(factor: np.ndarray) -> np.ndarray:
    """Return the inverse of the matrix from its factor."""
    inverse, _ = lapack.dpotri(factor, lower=1)
    inverse = np.tril(inverse)
    return inverse + np.tril(inverse, -1).T


class _Evidence:
    """The negative logarithm of likelihood times prior at logarithms of the kernel's numbers, with its gradient."""

    def __init__(self, rows: np.ndarray, target: np.ndarray, tied: np.ndarray) -> None:
        self._rows, self._target, self._tied = rows, target, tied
        self._products = rows @ rows.T / rows.shape[1]
        n_lengths = int(tied.max()) + 1
        self.centre = np.log([*CENTRE, *[LENGTH * np.sqrt(n_lengths)] * n_lengths])
        self._width = np.array([*WIDTH, *[1.0] * n_lengths])

    def hyper(self, logs: np.ndarray) -> Hyper:
        amplitude, noise, slope = np.exp(logs[:3]).tolist()
        return Hyper(amplitude, noise, slope, np.exp(logs[3:])[self._tied])

    def __call__(self, logs: np.ndarray) -> tuple[float, np.ndarray]:
        hyper, target = self.hyper(logs), self._target
        rows = self._rows / hyper.lengths
        root = np.sqrt(5.0 * squared_distances(rows, rows))
        falling = np.exp(-root)
        slopes = (1.0 + root) * falling  # −6/5 times the derivative of the likeness by the squared distance
        alike = slopes + root * root * falling / 3.0
        matrix = hyper.amplitude * alike + hyper.slope * self._products
        matrix[np.diag_indices(len(rows))] += hyper.noise + JITTER
        factor = cholesky(matrix)
        if factor is None:
            return HOPELESS, np.zeros_like(logs)
        alpha = solve(factor, target)
        value = 0.5 * float((target * alpha).sum()) + target.shape[1] * float(np.log(factor.diagonal()).sum())
        gap = target.shape[1] * inverse_of(factor) - alpha @ alpha.T
        gradient = np.empty_like(logs)
        gradient[0] = 0.5 * hyper.amplitude * np.vdot(gap, alike)
        gradient[1] = 0.5 * hyper.noise * np.trace(gap)
        gradient[2] = 0.5 * hyper.slope * np.vdot(gap, self._products)
        # the sum over all pairs of gap × slope × (difference of a feature)², feature by feature
        slopes *= gap
        pairs = slopes.sum(axis=1) @ (rows * rows) - ((slopes @ rows) * rows).sum(axis=0)
        by_feature = hyper.amplitude * (5.0 / 3.0) * pairs
        gradient[3:] = np.bincount(self._tied, by_feature, minlength=len(logs) - 3)
        off = (logs - self.centre) / self._width
        return value + 0.5 * float(off @ off), gradient + off / self._width


def most_likely(
    rows: np.ndarray, target: np.ndarray, tied: np.ndarray, deadline: Deadline, iterations: int
) -> tuple[Hyper, bool]:
    """Return the kernel of the highest posterior density that L-BFGS finds, and whether the deadline came first.

    Parameters
    ----------
    rows : ndarray, shape (n_rows, n_features)
        Scaled.
    target : ndarray, shape (n_rows, n_outputs)
        Of mean 0 and variance 1; all outputs share the kernel.
    tied : ndarray of int, shape (n_features,)
        Which length each feature has: features of one number share it.
    """
    from scipy.optimize import minimize

    evidence = _Evidence(rows, target, tied)
    start = evidence.centre
    if deadline.passed:
        return evidence.hyper(start), True
    stopped = False

    def look(intermediate_result: object) -> None:
        nonlocal stopped
        if deadline.passed:
            stopped = True
            raise StopIteration

    bounds = [*BOUNDS, *[LENGTH_BOUNDS] * (len(start) - 3)]
    found = minimize(
        evidence,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        callback=look,
        options={"maxiter": iterations, "maxfun": iterations + iterations // 3},
    )
    return evidence.hyper(found.x), stopped
