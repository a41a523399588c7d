"""Where the model does worse: the score on parts of the rows, by every column of the user's table."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Columns, n_rows, take
from modelwright.data.contract import Contract
from modelwright.data.sampling import sample_rows
from modelwright.evaluate.intervals import measure, sum_by
from modelwright.evaluate.losing import Losses
from modelwright.evaluate.measurements import Measurement, Slice
from modelwright.evaluate.metrics import Metric, get
from modelwright.evaluate.parts import FEWEST_ROWS, RANGES, Part, parts_of
from modelwright.evaluate.scales import on_free_scale
from modelwright.evaluate.valuing import log_loss_rows
from modelwright.features.screening import screen

__all__ = ["find_slices"]

FEWEST_GROUPS = 5
MOST_ROWS = 20_000  # a sample of more rows finds no slice that matters which this one misses
MOST_COLUMNS = 500  # of wider tables those that go most with the loss; the test counts the slices of all
MOST_SCORED = 300  # slices × classes scored in full; of more slices, those with the highest loss per row
FEWEST_SCORED = 40
MOST_SHOWN = 20
ALPHA = 0.05
# Whose rows may, for all that is known, cost so much more than the others, in parts of the mean loss of a row, is not
# known to be no worse. A judgement of ours: a quarter more is worth a look.
MATERIAL = 0.25
# Two parts that share four fifths of all their rows, and of all rows they leave out, tell a reader one thing.
SAME_ROWS = 0.8


@dataclass(frozen=True, eq=False)
class _Scored:
    part: Part
    gap: float
    z: float
    p: float
    added: Measurement


def find_slices(
    metric: Metric,
    y: np.ndarray,
    prediction: np.ndarray,
    columns: Columns,
    contract: Contract,
    *,
    threshold: float | None = None,
    groups: np.ndarray | None = None,
    unit: str = "",
    seed: int = 0,
) -> tuple[Slice, ...]:
    """Return slices, at most 20: those worse beyond the noise, by what they add to the loss of all rows, then others.

    Parts that are nearly the same rows are one slice, named after the first of them. A slice is tested against the
    other rows on the scale where the metric has no bounds. Of those that are called worse the share that is not is held
    to a twentieth (Benjamini and Hochberg 1995), for all slices that were looked at: where no part is worse, one is
    called so in one table of twenty. Rankings and log loss: slices get their log loss, and are tested by how far it
    exceeds what their own probabilities lead one to expect, since rows with chances near a half cost more however good
    the model is.
    """
    if len(y) > MOST_ROWS:
        kept = sample_rows(len(y), MOST_ROWS, np.random.default_rng(seed))
        y, prediction, columns = y[kept], prediction[kept], take(columns, kept)
        groups = None if groups is None else groups[kept]
    if n_rows(columns) != len(y) or metric.undefined(y, prediction):
        return ()
    if metric.ranks:
        # A ranking within a part is hard for the wrong reason where the column that ranks is nearly the same on all its
        # rows.
        metric = get("log_loss")
    names = tuple(columns) if len(columns) <= MOST_COLUMNS else _suspect_columns(columns, y, prediction)
    specs = {s.name: s for s in contract.columns}
    parts = [p for name in names for p in parts_of(name, columns[name], specs.get(name)) if _usable(p.rows, groups)]
    looked_at = max(len(parts), RANGES * len(columns) * (len(names) < len(columns)))
    most = max(MOST_SCORED // prediction.shape[1], FEWEST_SCORED)
    if looked_at > most:
        parts = _most_suspect(parts, y, prediction, most)
    scored = _scored(parts, metric, y, prediction, threshold, groups)
    worse = _discoveries([s.p for s in scored], looked_at)
    order = sorted(
        range(len(scored)), key=lambda i: (not worse[i], -(scored[i].added.value or 0.0) if worse[i] else scored[i].z)
    )
    whole = metric(y, prediction, threshold)
    found = []
    for i, alike in _together(order, [s.part.rows for s in scored]):
        part = scored[i].part
        own = None if groups is None else groups[part.rows]
        score = measure(
            metric, y[part.rows], prediction[part.rows], groups=own, threshold=threshold, unit=unit, seed=seed
        )
        found.append(
            Slice(
                column=part.column,
                value=part.value,
                score=score,
                gap=scored[i].gap,
                worse=bool(worse[i]),
                judgement=_judged(bool(worse[i]), scored[i].added, score, whole, part.rows.sum() / len(y)),
                added=scored[i].added,
                same_rows=tuple(f"{scored[j].part.column} = {scored[j].part.value}" for j in alike),
            )
        )
    return tuple(found)


def _together(order: list[int], rows: list[np.ndarray]) -> list[tuple[int, list[int]]]:
    """Return the first parts in order, each with those after it that are nearly the same rows."""
    kept: list[tuple[int, list[int]]] = []
    for i in order:
        alike = next((others for first, others in kept if _alike(rows[first], rows[i]) >= SAME_ROWS), None)
        if alike is not None:
            alike.append(i)
        elif len(kept) < MOST_SHOWN:
            kept.append((i, []))
    return kept


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    """Return the Jaccard index of two parts, or of what they leave out where that is less: nearly all rows are nearly
    all rows by any name."""
    inside, outside = (one & other).sum() / max((one | other).sum(), 1), (~one & ~other).sum()
    return float(min(inside, outside / max((~one | ~other).sum(), 1)))


def _scored(
    parts: list[Part],
    metric: Metric,
    y: np.ndarray,
    prediction: np.ndarray,
    threshold: float | None,
    groups: np.ndarray | None,
) -> list[_Scored]:
    """Return the parts on which the metric says something, held against the other rows."""
    losses = Losses(metric, y, prediction, threshold, groups)
    if metric.name == "log_loss":
        return [_score_excess(p, losses) for p in parts]
    influence, _ = metric.influence(y, prediction, threshold)
    error = math.sqrt(float(np.square(sum_by(influence, groups)).sum()))
    tried = (_score(p, metric, y, prediction, threshold, groups, error, losses) for p in parts)
    return [s for s in tried if s is not None]


def _usable(rows: np.ndarray, groups: np.ndarray | None) -> bool:
    inside = int(rows.sum())
    if min(inside, len(rows) - inside) < FEWEST_ROWS:
        return False
    return groups is None or len(np.unique(groups[rows])) >= FEWEST_GROUPS


def _score(
    part: Part,
    metric: Metric,
    y: np.ndarray,
    prediction: np.ndarray,
    threshold: float | None,
    groups: np.ndarray | None,
    error: float,
    losses: Losses,
) -> _Scored | None:
    """Return gap and one-sided p-value, None where the metric says nothing on the slice or on the other rows."""
    inside, outside = part.rows, ~part.rows
    own_y, own = y[inside], prediction[inside]
    if metric.undefined(own_y, own) or metric.undefined(y[outside], prediction[outside]):
        return None
    value, rest = metric(own_y, own, threshold), metric(y[outside], prediction[outside], threshold)
    if not (math.isfinite(value) and math.isfinite(rest)):
        return None
    influence, freedom = metric.influence(own_y, own, threshold)
    units = sum_by(influence, None if groups is None else groups[inside])
    sign = 1.0 if metric.greater_is_better else -1.0
    gap = sign * (value - rest)
    own_error = math.sqrt(float(units @ units))
    # The other rows are nearly all rows: their error follows from the error of the whole.
    rest_error = error * math.sqrt(len(y) / int(outside.sum()))
    z = _distance(metric, (value, own_error), (rest, rest_error)) * sign
    return _Scored(part, gap, z, _student_tail(z, min(freedom, len(units) - 1)), losses.added(inside))


def _score_excess(part: Part, losses: Losses) -> _Scored:
    """Return gap and one-sided p-value of a slice by its excess of log loss."""
    gap, error, freedom = losses.apart(part.rows)
    z = gap / error if error > 0 else 0.0
    return _Scored(part, gap, z, _student_tail(z, freedom), losses.added(part.rows))


def _distance(metric: Metric, one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the difference in standard errors, on the free scale where both have a place on it."""
    a, b = on_free_scale(metric.scale, *one), on_free_scale(metric.scale, *other)
    if a is None or b is None:
        a, b = one, other
    error = math.hypot(a[1], b[1])
    return (a[0] - b[0]) / error if error > 0 else 0.0


def _student_tail(z: float, freedom: float) -> float:
    from scipy.special import stdtr

    return float(stdtr(max(freedom, 1.0), z))


def _discoveries(p: list[float], looked_at: int) -> np.ndarray:
    """Return which are called worse by Benjamini and Hochberg's step-up procedure, of ``looked_at`` in all (the others
    have p = 1)."""
    order = np.argsort(p)
    passed = np.flatnonzero(np.asarray(p)[order] <= ALPHA * np.arange(1, len(p) + 1) / looked_at)
    called = np.zeros(len(p), dtype=bool)
    called[order[: passed[-1] + 1 if len(passed) else 0]] = True
    return called


def _judged(worse: bool, added: Measurement, score: Measurement, whole: float | None, share: float) -> str:
    """Return what can be said of a slice, see `Slice`; ``share`` is that of its rows."""
    if worse:
        return "worse"
    if added.low is not None and added.low > 0:
        return "perhaps"
    unknown = added.high is not None and added.high > MATERIAL * share
    lower = whole is not None and (
        score.high is not None and score.high < whole
        if score.greater_is_better
        else score.low is not None and score.low > whole
    )
    if lower:
        return "hard, unknown" if unknown else "hard"
    return "unknown" if unknown else "alike"


def _most_suspect(parts: list[Part], y: np.ndarray, prediction: np.ndarray, most: int) -> list[Part]:
    """Return the parts with the highest loss per row against its noise, in their old order."""
    loss = _row_losses(y, prediction)
    mean = loss.mean()
    heat = np.array([(loss[p.rows].mean() - mean) * math.sqrt(p.rows.sum()) for p in parts])
    return [parts[i] for i in np.sort(np.argsort(-heat)[:most])]


def _suspect_columns(columns: Columns, y: np.ndarray, prediction: np.ndarray) -> tuple[str, ...]:
    """Return the columns of a wide table whose values go most with the loss of a row, in their old order."""
    names = tuple(columns)
    telling = screen(columns, names, _row_losses(y, prediction), 0).most_telling(MOST_COLUMNS)
    return tuple(names[j] for j in telling.tolist())


def _row_losses(y: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Return the loss of each row, the largest cut off."""
    if prediction.shape[1] > 1:
        return np.minimum(log_loss_rows(y, prediction), 10.0)
    loss: np.ndarray = np.abs(y - prediction[:, 0])
    return np.minimum(loss, np.quantile(loss, 0.99))
