"""A050: what more rows would buy."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.honest import NO_PROBE, constant_probe, honest_features, honest_probe
from modelwright.audit.power import N_FOLDS, PowerSample, feature_table
from modelwright.audit.probing import PROBE_ROWS, Probe, fitted_on, probe_rows
from modelwright.data.contract import Kind

__all__ = ["MoreRows"]

MIN_ROWS = 400  # an eighth of the rows is then some 40
SHARES = (0.125, 0.25, 0.5)  # and all of them
HELD_FOLDS = 3  # of five: the other two would add little to what is known, and a good third of the time
DRAWS = 200
# Four losses with their noise do not tell how a curve bends (Viering and Loog 2023, "The shape of learning curves: a
# review"), so all of these exponents count: with them the next doubling brings 0.9 to 0.4 of what the last one brought.
# On 32 public tables it brought 0.3 to 1.0 of it in most cases, and 0.55 in the middle.
EXPONENTS = np.linspace(0.2, 1.4, 7)
WORTH = 0.05  # of what is left open; less is within what another seed changes


class MoreRows:
    """Says how much better twice as many rows would make a quick model."""

    code: ClassVar[str] = "A050"
    costly: ClassVar[bool] = True
    title: ClassVar[str] = "More rows would help"
    what: ClassVar[str] = "The score still rises with the number of rows: collecting more would improve the model."
    why_it_matters: ClassVar[str] = (
        "Whether to collect more rows or other columns is a question of money, and the rows at hand can answer it."
    )
    how_detected: ClassVar[str] = (
        f"A quick model is fitted on an eighth, a quarter, half and all of the rows outside of {HELD_FOLDS} folds and "
        "judged on the same rows each time. Power laws through the four losses (Viering and Loog 2023) tell the loss "
        f"with twice the rows; the interval is that of all exponents from {EXPONENTS[0]:g} to {EXPONENTS[-1]:g} and of "
        f"{DRAWS} bootstrap samples of the rows. Told when it is surely above 0 and at least {percent(WORTH)} of the "
        f"loss. Only for tables of {MIN_ROWS} to {PROBE_ROWS:,} rows, which the quick model sees as a whole, without "
        "dates or groups. Take it as a guess: the truth is often twice or half of it."
    )
    what_is_done: ClassVar[str] = "Told."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if context.n_rows > PROBE_ROWS:
            return f"the quick model sees {PROBE_ROWS:,} of {context.n_rows:,} rows: the curve would end too early"
        if context.brief.time or context.brief.group or _dated(context):
            return "rows follow each other in time or hang together: more of them would not be drawn as these were"
        sample, whole = probe_rows(context), honest_probe(context)
        if sample is None or whole is None or len(sample.rows) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows with a target, or {NO_PROBE}"
        losses, constant = _losses(context, sample, whole)
        if losses[:, -1].mean() >= constant:
            return "the quick model is no better than a constant: a curve of it tells nothing"
        draws = _doubled(losses, len(sample.rows), context.brief.seed)
        low, gain, high = (float(q) for q in np.quantile(draws, [0.025, 0.5, 0.975]))
        if low <= 0 or gain < WORTH * losses[:, -1].mean():
            return []
        return [self._tell(context, losses.mean(axis=0), len(sample.rows), (gain, low, high))]

    def _tell(self, context: AuditContext, means: np.ndarray, n: int, gain: tuple[float, float, float]) -> Finding:
        value, low, high = gain
        if context.classes:
            name, said = "log loss", [f"{m:.3g}" for m in means]
        else:
            name, said = "R² of ranks", [f"{1 - m:.3g}" for m in means]
        fitted = (1 - 1 / N_FOLDS) * n
        sizes = " → ".join(f"{round(s * fitted):,}" for s in (*SHARES, 1.0))
        return tell(
            self,
            severity=Severity.INFO,
            columns=[str(context.target)],
            message=f"Twice the rows would improve {name} by about {value:.2g} ({low:.2g} to {high:.2g}): with {sizes} "
            f"rows a quick model reached {' → '.join(said)}. More rows drawn as these were are meant.",
            evidence={
                "gain_of_twice_the_rows": value,
                "low": low,
                "high": high,
                "n": n,
                **{f"loss_{s:g}": m for s, m in zip((*SHARES, 1.0), means, strict=True)},
            },
            fix="collect more rows if that is worth its price",
        )


def _dated(context: AuditContext) -> bool:
    return any(context.contract[n].kind is Kind.DATETIME for n in context.features)


def _losses(context: AuditContext, sample: PowerSample, whole: Probe) -> tuple[np.ndarray, float]:
    """Return the loss of each held row by share of the rows, shape (n_held, 4), and that of a constant."""
    table = feature_table(context, tuple(sorted(honest_features(context))), sample.rows)
    rng = np.random.default_rng([context.brief.seed, 50])
    constant = _loss(constant_probe(whole).prediction, whole.y)
    parts = []
    for fold in range(HELD_FOLDS):
        held = np.flatnonzero(sample.folds == fold)
        others = rng.permutation(np.flatnonzero(sample.folds != fold))  # the smaller part lies within the larger
        shorter = [others[: round(share * len(others))] for share in SHARES]
        said = [fitted_on(context, table, sample, part, held) for part in shorter]
        parts.append(np.column_stack([_loss(p, whole.y[held]) for p in (*said, whole.prediction[held])]))
    scale = 1.0 if whole.prediction.shape[1] > 1 else float(constant.mean())
    return np.concatenate(parts) / scale, float(constant.mean()) / scale


def _loss(prediction: np.ndarray, y: np.ndarray) -> np.ndarray:
    if prediction.shape[1] == 1:
        return np.square(y - prediction[:, 0])
    return -np.log(prediction[np.arange(len(y)), y.astype(np.int64)])


def _doubled(losses: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Return by how much twice the rows would lower the loss, for bootstrap samples of the rows and all exponents."""
    rng = np.random.default_rng([seed, 51])
    weights = rng.multinomial(len(losses), np.full(len(losses), 1 / len(losses)), size=DRAWS) / len(losses)
    curves, sizes = weights @ losses, n * np.array([*SHARES, 1.0])
    return np.concatenate([_gains(curves, sizes, c) for c in EXPONENTS])


def _gains(curves: np.ndarray, sizes: np.ndarray, exponent: float) -> np.ndarray:
    """Return L(n) - L(2n) of a + b n^-exponent through each row of losses, n the largest size.

    The slope b is at least 0 and the loss never below 0. Larger sizes count more: they are nearer to what is asked.
    """
    weight, x = sizes / sizes.sum(), sizes**-exponent
    middle, off = curves @ weight, x - x @ weight
    slope = np.maximum((curves * weight) @ off / (weight @ off**2), 0.0)
    slope = np.minimum(slope, middle / (x @ weight))
    n = sizes[-1]
    return slope * (n**-exponent - (2.0 * n) ** -exponent)
