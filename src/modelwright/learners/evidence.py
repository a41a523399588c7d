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

__all__ = ["JITTER", "Evidence", "Found", "Hyper", "cholesky", "inverse_of", "solve"]

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
    """Return the lower triangle of the inverse of the matrix from its factor, which is overwritten; zero above."""
    return lapack.dpotri(factor, lower=1, overwrite_c=1)[0]


@dataclass(frozen=True)
class Found:
    """The kernel that was found, where the search ended, and whether the deadline ended it."""

    hyper: Hyper
    logs: np.ndarray
    stopped: bool


class Evidence:
    """The marginal likelihood of kernels over some rows.

    Parameters
    ----------
    rows : ndarray, shape (n_rows, n_features)
        Scaled.
    tied : ndarray of int, shape (n_features,)
        Which length each feature has: the levels of a category share one.
    """

    def __init__(self, rows: np.ndarray, tied: np.ndarray) -> None:
        self._rows, self._tied = rows, tied
        self._products = rows @ rows.T / rows.shape[1]
        n_lengths = int(tied.max()) + 1
        self._centre = np.log([*CENTRE, *[LENGTH * np.sqrt(n_lengths)] * n_lengths])
        self._width = np.array([*WIDTH, *[1.0] * n_lengths])
        self._above = np.triu(np.ones(self._products.shape, dtype=np.float32), 1)
        # written over again and again: fresh memory of this size costs a third of the time
        self._wide = [np.empty(self._products.shape) for _ in range(2)]
        self._narrow = [np.empty(self._products.shape, dtype=np.float32) for _ in range(3)]

    def most_likely(
        self, target: np.ndarray, deadline: Deadline, iterations: int, start: np.ndarray | None = None
    ) -> Found:
        """Return the kernel of the highest posterior density that L-BFGS finds.

        Parameters
        ----------
        target : ndarray, shape (n_rows, n_outputs)
            Of mean 0 and variance 1; all outputs share the kernel.
        start : ndarray, optional
            `Found.logs` of a target that is nearly the same.
        """
        from scipy.optimize import minimize

        logs = self._centre if start is None else start
        stopped = deadline.passed

        def look(intermediate_result: object) -> None:
            nonlocal stopped
            stopped = deadline.passed
            if stopped:
                raise StopIteration

        if not stopped:
            logs = minimize(
                lambda at: self.at(at, target),
                logs,
                jac=True,
                method="L-BFGS-B",
                bounds=[*BOUNDS, *[LENGTH_BOUNDS] * (len(logs) - 3)],
                callback=look,
                options={"maxiter": iterations, "maxfun": iterations + iterations // 3},
            ).x
        return Found(self._hyper(logs), logs, stopped)

    def _hyper(self, logs: np.ndarray) -> Hyper:
        amplitude, noise, slope = np.exp(logs[:3]).tolist()
        return Hyper(amplitude, noise, slope, np.exp(logs[3:])[self._tied])

    def at(self, logs: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the negative logarithm of likelihood times prior at logarithms of the kernel's numbers, and its
        gradient. Likenesses and their sums are in single precision, which is enough to climb by."""
        hyper, n_outputs = self._hyper(logs), target.shape[1]
        (matrix, spare), (alike, root, slopes) = self._wide, self._narrow
        rows = self._rows / hyper.lengths
        np.sqrt(squared_distances(rows, rows, out=spare), out=root, casting="same_kind")
        root *= np.float32(np.sqrt(5.0))
        falling = np.exp(np.negative(root, out=slopes), out=slopes)
        np.multiply(root, 1.0 / 3.0, out=alike)
        alike *= root
        root += 1.0
        alike += root
        alike *= falling
        slopes *= root  # −6/5 times the derivative of the likeness by the squared distance
        np.multiply(self._products, hyper.slope, out=matrix)
        matrix += np.multiply(alike, hyper.amplitude, out=spare)
        matrix[np.diag_indices(len(rows))] += hyper.noise + JITTER
        factor = cholesky(matrix)
        if factor is None:
            return HOPELESS, np.zeros_like(logs)
        alpha = solve(factor, target)
        value = 0.5 * float((target * alpha).sum()) + n_outputs * float(np.log(factor.diagonal()).sum())
        # of symmetric matrices one triangle: pairs of rows once, the diagonal apart
        gap = np.multiply(inverse_of(factor).T, n_outputs, out=spare)
        gap -= np.matmul(alpha, alpha.T, out=matrix)
        diagonal = gap.diagonal().copy()
        single = np.multiply(gap, self._above, out=root, casting="same_kind")
        gradient = np.empty_like(logs)
        gradient[0] = hyper.amplitude * (float(np.vdot(single, alike)) + 0.5 * diagonal.sum())
        gradient[1] = 0.5 * hyper.noise * diagonal.sum()
        straight = float(np.vdot(np.multiply(gap, self._above, out=gap), self._products))
        gradient[2] = hyper.slope * (straight + 0.5 * float(diagonal @ self._products.diagonal()))
        # the sum over the pairs of gap × slope × (difference of a feature)², feature by feature
        single *= slopes
        rows32 = rows.astype(np.float32)
        both = single.sum(axis=0) + single.sum(axis=1)
        pairs = both @ (rows32 * rows32) - 2.0 * ((single @ rows32) * rows32).sum(axis=0)
        gradient[3:] = np.bincount(self._tied, (5.0 / 3.0) * hyper.amplitude * pairs, minlength=len(logs) - 3)
        off = (logs - self._centre) / self._width
        return value + 0.5 * float(off @ off), gradient + off / self._width
