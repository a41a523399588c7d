"""Gaussian processes on few rows: for values, and with a softmax for classes.

The kernel is found by the marginal likelihood on a sample of the rows (`learners.evidence`), for classes with their
indicators taken as values, which costs one factor for all classes and finds about the same lengths. All rows then give
the weights: exactly for values; for classes as the mode of the latent process (Rasmussen and Williams 2006, section
3.5), by L-BFGS in coordinates in which the loss is nearly round (the bound of Böhning 1992 on its curvature).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from scipy.linalg import solve_triangular

from modelwright.learners.base import Deadline, FitContext, Fitted
from modelwright.learners.evidence import JITTER, Evidence, Found, Hyper, cholesky, inverse_of, solve
from modelwright.learners.family import ANY_OBJECTIVE, Family, MeasuredCard, Valid, read_settings
from modelwright.runtime.scorers.kernel import KernelScorer, Link
from modelwright.runtime.scorers.linear import ABSENT, probabilities
from modelwright.runtime.scorers.scaling import Scaling, standard_scaling
from modelwright.runtime.view import View

__all__ = ["Kernel", "KernelSettings"]

MOST_ROWS = 4_000
"""Beyond these boosting is ahead: ensembles gained 3.5 % of their loss by Gaussian processes over 28 samples of 225 to
1,500 rows of eleven public tables (6 % for values, 1 % for classes), and nothing with 4,000 rows of two of them."""

ROW_CAP = 2_500
"""Rows kept: factors take their cube, and the version holds them."""

BLOCK_ROWS = 250
"""Rows of the kernel's matrix made at once."""

LATE_ROWS = 500
"""Rows kept when the deadline has passed before the weights are found."""

FINAL_SECONDS = 4e-10
"""Of finding the weights, by the cube of the rows: what the slowest of nine tables took, and a third more."""

HYPER_ROWS, ITERATIONS = 500, 30
"""Rows that choose the kernel, and steps of L-BFGS. With 300 rows the loss was 3 % higher, with 800 lower by 1 % at
twice the time (the first six of nine public tables with 1,500 rows); 600 rows with 35 steps gained nothing."""

AMPLITUDES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""How many times the kernel of indicators, whose unit is their deviation, logits may have."""

FOLDS = 3
MODE_ITERATIONS = 40
LEFT_OUT = 0.01
"""Part of the expected squared distance that the features with the greatest lengths may have and not be stored."""

SMALLEST_PROBABILITY = 1e-6


@dataclass(frozen=True, kw_only=True)
class KernelSettings:
    """``iterations`` of L-BFGS on a sample of ``hyper_rows`` rows choose the kernel."""

    hyper_rows: int = HYPER_ROWS
    iterations: int = ITERATIONS


@dataclass(frozen=True)
class Native:
    """scikit-learn's kernel with what it is multiplied by, an implementation of its own."""

    kernel: Any
    scorer: KernelScorer


@dataclass(frozen=True)
class _Rows:
    """Scaled rows under a kernel, as the scorer will see them: the features that count, in single precision."""

    scaled: np.ndarray
    hyper: Hyper
    columns: np.ndarray
    inverse: np.ndarray
    support: np.ndarray

    @classmethod
    def of(cls, scaled: np.ndarray, hyper: Hyper) -> _Rows:
        weight = 1.0 / np.square(hyper.lengths)
        order = np.argsort(weight, kind="stable")
        kept = np.cumsum(weight[order]) > LEFT_OUT * weight.sum()
        columns = np.sort(order[kept])
        inverse = 1.0 / hyper.lengths[columns]
        return cls(scaled, hyper, columns, inverse, (scaled[:, columns] * inverse).astype(np.float32))

    def matrix(self, noise: float) -> np.ndarray:
        support = self.support.astype(np.float64)
        scaled = self.hyper.slope / self.scaled.shape[1] * self.scaled
        matrix = np.empty((len(support), len(support)))
        for at in range(0, len(support), BLOCK_ROWS):  # what lies in between takes several times the block
            block = slice(at, at + BLOCK_ROWS)
            matrix[block] = self.hyper.smooth(support[block], support)
            matrix[block] += scaled[block] @ self.scaled.T
        matrix[np.diag_indices(len(matrix))] += noise + JITTER
        return matrix

    def scorer(
        self, scaling: Scaling, alpha: np.ndarray, intercept: np.ndarray, link: Link, n_classes: int
    ) -> KernelScorer:
        coef = self.hyper.slope / self.scaled.shape[1] * (self.scaled.T @ alpha)
        weights = self.hyper.amplitude * alpha
        return KernelScorer(
            scaling, self.columns, self.inverse, self.support, weights, coef, intercept, link, n_classes
        )


class Kernel(Family):
    """Gaussian processes."""

    card: ClassVar[MeasuredCard] = MeasuredCard(
        name="kernel",
        title="Gaussian process",
        view="linear",
        objectives=ANY_OBJECTIVE,
        max_rows=MOST_ROWS,
        max_features=600,
        max_classes=20,
        stoppable=True,
        watches=False,
        keeps_rows=True,
        source="Rasmussen and Williams 2006; prior of the lengths after Hvarfner et al. 2024; own trials",
        cost=lambda n, p, k: _seconds(n, p, k),
    )

    def portfolio(
        self, *, n_rows: int, n_features: int, n_classes: int, target: str = "plain"
    ) -> tuple[Mapping[str, Any], ...]:
        """Return the one setting."""
        return ({"name": "default"},)

    def quicker(self, settings: Mapping[str, Any], factor: float) -> Mapping[str, Any]:
        """Return the settings with fewer rows and steps for the kernel."""
        chosen = read_settings(KernelSettings, settings)
        rows = max(200, int(chosen.hyper_rows / np.sqrt(factor)))
        return {**settings, "hyper_rows": rows, "iterations": max(12, int(chosen.iterations / np.sqrt(factor)))}

    def _fit(
        self,
        view: View,
        y: np.ndarray,
        settings: Mapping[str, Any],
        context: FitContext,
        valid: Valid,
        iterations: int | None,
    ) -> Fitted:
        chosen = read_settings(KernelSettings, settings)
        rng = np.random.default_rng(context.seed)
        scaling = _scaling(view.matrix)
        order = rng.permutation(len(y))[:ROW_CAP]
        scaled, target = scaling(view.matrix[order]), y[order]
        fit = _classes if context.n_classes else _values
        scorer, notes = fit(scaling, scaled, target, _tied(view.names), chosen, context)
        if len(scorer.support) < len(y):
            notes.append(f"{len(scorer.support)} of {len(y)} rows kept")
        return Fitted(scorer, Native(_sklearn_kernel(), scorer), note=", ".join(notes))

    def _native_predict(self, native: Any, matrix: np.ndarray) -> np.ndarray:
        scorer = native.scorer
        scaled = scorer.scaling(matrix)
        alike = native.kernel(scaled[:, scorer.columns] * scorer.inverse, scorer.support.astype(np.float64))
        sums = alike @ scorer.alpha + scaled @ scorer.coef + scorer.intercept
        return probabilities(sums) if scorer.n_classes else scorer.link(sums)


def _sklearn_kernel() -> Any:
    from sklearn.gaussian_process.kernels import Matern

    return Matern(length_scale=1.0, nu=2.5)


def _seconds(n_rows: int, n_features: int, n_outputs: int) -> float:
    few, kept = min(n_rows, HYPER_ROWS), min(n_rows, ROW_CAP)
    step = few * few * (6e-8 + 1e-10 * n_features + 6e-11 * few)
    return 0.05 + (ITERATIONS + ITERATIONS // 3) * step + kept * kept * (1.2e-10 * kept + 3e-8 * n_outputs)


def _scaling(matrix: np.ndarray) -> Scaling:
    """Return standard scaling, but features of two values to one apart from the mean at the most: a rare level is not
    ten times as far from all others as a frequent one."""
    scaling = standard_scaling(matrix)
    low, high = matrix.min(axis=0), matrix.max(axis=0)
    two = ((matrix == low) | (matrix == high)).all(axis=0) & (high > low)
    most = np.divide(2.0, high - low, out=np.full(len(low), np.inf), where=two)
    return replace(scaling, factor=np.minimum(scaling.factor, most))


def _tied(names: tuple[str, ...]) -> np.ndarray:
    """Return which length each feature has: the levels of a category share one."""
    keys = [name.partition("=")[0] if "=" in name else (name,) for name in names]
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    return np.array([number[key] for key in keys])


def _values(
    scaling: Scaling,
    scaled: np.ndarray,
    y: np.ndarray,
    tied: np.ndarray,
    chosen: KernelSettings,
    context: FitContext,
) -> tuple[KernelScorer, list[str]]:
    warp, hyper = _choose_warp(scaled, y, tied, chosen, context.deadline)
    kept = _affordable(len(y), context.deadline)
    rows = _Rows.of(scaled[:kept], hyper)
    _, alpha, smear = _left_out(rows, y[:kept], warp)
    low, high = warp.bare(np.array([y.min(), y.max()])).tolist()
    link = Link(low, high, warp.log, warp.shift)
    intercept = np.array([warp.centre + np.log(smear)])
    notes = [f"noise {hyper.noise:.2g}", *(["of the logarithm"] if warp.log else [])]
    return rows.scorer(scaling, warp.spread * alpha, intercept, link, 0), notes


@dataclass(frozen=True)
class _Warp:
    """The scale on which values are learned."""

    log: bool
    shift: float
    centre: float
    spread: float

    @classmethod
    def of(cls, y: np.ndarray, *, log: bool) -> _Warp:
        shift = 0.0
        if log and y.min() <= 0:
            shift = float(y[y > 0].min()) / 2.0
        bare = np.log(y + shift) if log else y
        return cls(log, shift, float(bare.mean()), float(bare.std()))

    def bare(self, y: np.ndarray) -> np.ndarray:
        return np.log(y + self.shift) if self.log else y

    def forth(self, y: np.ndarray) -> np.ndarray:
        return ((self.bare(y) - self.centre) / self.spread)[:, None]

    def back(self, values: np.ndarray) -> np.ndarray:
        bare = self.centre + self.spread * values
        return np.exp(bare) if self.log else bare


def _choose_warp(
    scaled: np.ndarray, y: np.ndarray, tied: np.ndarray, chosen: KernelSettings, deadline: Deadline
) -> tuple[_Warp, Hyper]:
    """Return the scale on which values are best foretold, each left out, and the kernel of it: the values as they are
    or, where none is negative and they are skewed, their logarithm."""
    few = min(len(y), chosen.hyper_rows)
    evidence = Evidence(scaled[:few], tied)
    plain = _Warp.of(y, log=False)
    found = evidence.most_likely(plain.forth(y[:few]), deadline, chosen.iterations)
    if y.min() < 0 or y.mean() <= np.median(y) or found.stopped:
        return plain, found.hyper
    bent = _Warp.of(y, log=True)
    other = evidence.most_likely(bent.forth(y[:few]), deadline, chosen.iterations // 2, found.logs)

    def loss(warp: _Warp, kernel: Found) -> float:
        return _left_out(_Rows.of(scaled[:few], kernel.hyper), y[:few], warp)[0]

    return (bent, other.hyper) if loss(bent, other) < loss(plain, found) else (plain, found.hyper)


def _left_out(rows: _Rows, y: np.ndarray, warp: _Warp) -> tuple[float, np.ndarray, float]:
    """Return the squared error with each row left out (Rasmussen and Williams 2006, 5.4.2), the weights of the rows,
    and the factor that turns the exponential of a mean logarithm into a mean (after Duan 1983; 1 without logarithm)."""
    factor = cholesky(rows.matrix(rows.hyper.noise))
    if factor is None:
        raise ArithmeticError("the kernel of these rows has no factor")
    target = warp.forth(y)
    alpha = solve(factor, target)
    apart = warp.back((target - alpha / inverse_of(factor).diagonal()[:, None])[:, 0])
    smear = 1.0
    if warp.log:
        apart = np.minimum(apart, y.max() + warp.shift)
        smear = float(apart @ (y + warp.shift) / (apart @ apart))
    return float(np.square(smear * apart - warp.shift - y).mean()), alpha, smear


def _affordable(n_rows: int, deadline: Deadline) -> int:
    """Return how many rows can have weights in the time that is left."""
    left = min(max(deadline.left, 0.0) / FINAL_SECONDS, float(n_rows) ** 3)
    return min(n_rows, max(LATE_ROWS, int(np.cbrt(left) + 0.5)))


def _classes(
    scaling: Scaling,
    scaled: np.ndarray,
    y: np.ndarray,
    tied: np.ndarray,
    chosen: KernelSettings,
    context: FitContext,
) -> tuple[KernelScorer, list[str]]:
    present, label = np.unique(y.astype(np.int64), return_inverse=True)
    truth = np.eye(len(present))[label]
    share = truth.mean(axis=0)
    few = min(len(y), chosen.hyper_rows)
    unit = np.sqrt(np.square(truth - share).mean())
    indicators = (truth - share) / unit
    found = Evidence(scaled[:few], tied).most_likely(
        indicators[:few, len(present) == 2 :], context.deadline, chosen.iterations
    )
    hyper = found.hyper
    prior = np.log(share)
    amplitude = _amplitude(_Rows.of(scaled[:few], hyper), truth[:few], prior, context.deadline)
    kept = _affordable(len(y), context.deadline)
    hyper = replace(hyper, amplitude=amplitude * hyper.amplitude, slope=amplitude * hyper.slope)
    rows = _Rows.of(scaled[:kept], hyper)
    alpha = _mode(rows.matrix(0.0), truth[:kept], prior, context.deadline)
    if context.n_classes == 2:
        alpha, intercept = alpha[:, 1:] - alpha[:, :1], prior[1:] - prior[:1]
    else:
        all_alpha, intercept = np.zeros((kept, context.n_classes)), np.full(context.n_classes, ABSENT)
        all_alpha[:, present], intercept[present] = alpha, prior
        alpha = all_alpha
    scorer = rows.scorer(scaling, np.ascontiguousarray(alpha), intercept, Link(0.0, 0.0), context.n_classes)
    return scorer, [f"amplitude {hyper.amplitude:.2g}"]


def _amplitude(rows: _Rows, truth: np.ndarray, prior: np.ndarray, deadline: Deadline) -> float:
    """Return the factor of `AMPLITUDES` with the least log loss over inner folds, walking up while it falls."""
    fold = np.arange(len(truth)) % FOLDS  # the rows are in random order
    matrix = rows.matrix(0.0)
    best, least = AMPLITUDES[0], np.inf
    for amplitude in AMPLITUDES:
        loss = 0.0
        for f in range(FOLDS):
            inside, outside = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
            if deadline.passed or not len(outside):
                return best
            alpha = _mode(amplitude * matrix[np.ix_(inside, inside)], truth[inside], prior, deadline)
            proba = _softmax(amplitude * matrix[np.ix_(outside, inside)] @ alpha + prior)
            loss -= float(np.log(np.maximum((proba * truth[outside]).sum(axis=1), SMALLEST_PROBABILITY)).sum())
        if loss >= least:
            break
        best, least = amplitude, loss
    return best


def _mode(matrix: np.ndarray, truth: np.ndarray, prior: np.ndarray, deadline: Deadline) -> np.ndarray:
    """Return the weights of the rows, shape ``(n_rows, n_classes)``, at the mode of the latent process.

    With ``matrix = L Lᵀ`` and ``f = L u`` the loss is ``−log p(y | f) + |u|²/2``, whose curvature is at most
    ``I + Lᵀ L / 2``; with ``R Rᵀ`` for this and ``v = Rᵀ u`` it is at most 1 in every direction, and seldom far below.
    """
    from scipy.optimize import minimize

    factor = cholesky(matrix.copy())
    if factor is None:
        raise ArithmeticError("the kernel of these rows has no factor")
    bound = 0.5 * (factor.T @ factor)
    bound[np.diag_indices(len(bound))] += 1.0
    root = cholesky(bound)
    assert root is not None
    # f = T v and u = R⁻ᵀ v
    forth = solve_triangular(root, factor.T, lower=True, check_finite=False).T
    shape = truth.shape

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        v = flat.reshape(shape)
        logits = forth @ v
        u = solve_triangular(root, v, lower=True, trans="T", check_finite=False)
        shifted = logits + prior
        proba = _softmax(shifted)
        fit = float(np.log(np.maximum((proba * truth).sum(axis=1), 1e-300)).sum())
        gradient = forth.T @ (proba - truth) + solve_triangular(root, u, lower=True, check_finite=False)
        return 0.5 * float(np.vdot(u, u)) - fit, gradient.ravel()

    def look(intermediate_result: object) -> None:
        if deadline.passed:
            raise StopIteration

    found = minimize(
        loss,
        np.zeros(truth.size),
        jac=True,
        method="L-BFGS-B",
        callback=look,
        options={"maxiter": MODE_ITERATIONS, "ftol": 1e-7},
    )
    u = solve_triangular(root, found.x.reshape(shape), lower=True, trans="T", check_finite=False)
    return np.ascontiguousarray(solve_triangular(factor, u, lower=True, trans="T", check_finite=False))


def _softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
