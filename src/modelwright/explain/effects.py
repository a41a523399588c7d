"""How the prediction moves with a column, all else as it is.

Along numbers and moments by accumulated local effects (Apley and Zhu 2020): each row is moved only from one end of the
small range that its value lies in to the other, and the mean steps are added up. Partial dependence (Friedman 2001)
sets every row to every value, and so asks about rows that do not exist where columns hang together; levels have no
order to step along, so theirs is that, and columns that it may mislead about are told.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwright.data.columns import Strings, n_rows, take
from modelwright.data.contract import Contract, Kind
from modelwright.data.sampling import sample_rows
from modelwright.explain.folds import MODEL
from modelwright.explain.grids import MISSING, Grid, make_grid
from modelwright.explain.reasons import Effect
from modelwright.explain.sampling import Prober

__all__ = ["ALE", "PDP", "describe", "measure_effects", "outcome_of"]

ALE, PDP = "accumulated local effects", "partial dependence"

# A mean over 300 rows is exact to 6 % of the rows' own spread. Each is asked about once for each value.
MAX_ROWS = 300
# Each is asked about twice, and each range has a twelfth of them.
MAX_ROWS_STEPPING = 1_500
# Kinds whose values cannot be set one by one.
WITHOUT = frozenset({Kind.TEXT, Kind.ID, Kind.CONSTANT})
# An effect below this share of the spread of all predictions is not worth a direction.
FLAT = 0.02
# A curve goes one way when it takes back less than this share of its climb.
BACKWARDS = 0.1
# Rows of one model from which its own curve is worth a look.
ROWS_OF_MODEL = 30
# Correlation of a model's curve with that of all, below which it says something else.
SAYS_THE_SAME = 0.5


def outcome_of(prediction: np.ndarray, y: np.ndarray, classes: Sequence[str], target: str) -> tuple[int, str]:
    """Return the output that effects are on, and its name: the event, the most frequent class, or the value."""
    k = prediction.shape[1]
    if k == 1:
        return 0, f"predicted {target}" if target else "prediction"
    output = 1 if k == 2 else int(np.argmax(np.bincount(y.astype(np.int64), minlength=k)))
    if output < len(classes):
        return output, f"chance of “{classes[output]}”"
    return output, "chance of the event" if k == 2 else "chance of the most frequent class"


def measure_effects(
    prober: Prober,
    columns: Sequence[str],
    contract: Contract,
    output: int,
    *,
    prediction: np.ndarray,
    rng: np.random.Generator,
) -> tuple[Effect, ...]:
    """Return the effects of the columns that have one, in their order, as far as time allows.

    ``prediction`` is what the model says of the prober's rows, shape ``(n_rows, n_outputs)``.
    """
    effects = []
    for name in columns:
        kind = contract[name].kind
        column = prober.base[name]
        grid = None if kind in WITHOUT else make_grid(column, kind)
        if grid is None:
            continue
        stepping = _ordered_kind(kind) and sum(label != MISSING for label in grid.labels) > 2
        found = (_accumulated if stepping else _set)(prober, name, grid, output, prediction, rng)
        if found is None:
            break
        curve, curves = found
        spread = float(prediction[:, output].std())
        said, agreement = describe(name, kind, grid, curve, spread), None
        if len(curves) > 1 and said != NO_EFFECT:
            agreement = float(np.mean([_same(curve, own, grid.n) for own in curves]))
        effects.append(
            Effect(
                column=name, x=grid.labels, y=tuple(map(float, curve)), n=grid.n,
                words=said + _doubt(agreement, len(curves)), method=ALE if stepping else PDP, agreement=agreement,
            )
        )  # fmt: skip
    return tuple(effects)


Curves = tuple[np.ndarray, list[np.ndarray]]
"""The curve of all rows, and one for each model that was asked about enough of them."""


def _ordered_kind(kind: Kind) -> bool:
    return kind.numeric and kind is not Kind.BOOLEAN


def _by_model(prober: Prober, rows: np.ndarray) -> list[np.ndarray]:
    """Return, for each model with enough of the rows, where they are among them."""
    which = prober.base.get(MODEL)
    if which is None:
        return []
    assert isinstance(which, np.ndarray)
    own = [np.flatnonzero(which[rows] == model) for model in np.unique(which)]
    return [places for places in own if len(places) >= ROWS_OF_MODEL]


def _set(
    prober: Prober, name: str, grid: Grid, output: int, prediction: np.ndarray, rng: np.random.Generator
) -> Curves | None:
    """Return mean predictions with every row set to each value; None where time is up."""
    rows = sample_rows(n_rows(prober.base), MAX_ROWS, rng)
    asked = Prober(prober.predict, take(prober.base, rows), prober.deadline)
    changes = [(name, grid.column(i, asked.base[name])) for i in range(len(grid.labels))]
    answers = [p[:, output] for p in asked.ask(changes)]
    if len(answers) < len(changes):
        return None
    whole = np.stack(answers)
    return whole.mean(axis=1), [whole[:, own].mean(axis=1) for own in _by_model(prober, rows)]


def _accumulated(
    prober: Prober, name: str, grid: Grid, output: int, prediction: np.ndarray, rng: np.random.Generator
) -> Curves | None:
    """Return steps added up along the values of the grid, around the mean prediction; None where time is up.

    A missing value is compared with known ones drawn for the same rows.
    """
    rows = sample_rows(n_rows(prober.base), MAX_ROWS_STEPPING, rng)
    asked = Prober(prober.predict, take(prober.base, rows), prober.deadline)
    column = asked.base[name]
    assert not isinstance(column, Strings)
    missing = np.isnan(column)
    points = grid.values[~np.isnan(grid.values)]
    step = np.clip(np.searchsorted(points, column), 1, len(points) - 1)
    inside = (column >= points[0]) & (column <= points[-1])  # beyond the ends a row would move farther than a step
    everywhere = prober.base[name]
    assert not isinstance(everywhere, Strings)
    there = ~np.isnan(everywhere)
    low = np.where(missing, rng.choice(everywhere[there], len(rows)), points[step - 1])
    high = np.where(missing, np.nan, points[step])
    answers = [p[:, output] for p in asked.ask([(name, low), (name, high)])]
    if len(answers) < 2:
        return None
    moved = answers[1] - answers[0]
    level = float(prediction[there, output].mean())
    n = np.array(grid.n, float)

    def curve(places: np.ndarray) -> np.ndarray:
        stepping, absent = places[inside[places]], places[missing[places]]
        sums = np.bincount(step[stepping], moved[stepping], minlength=len(points))
        counts = np.bincount(step[stepping], minlength=len(points))
        line = np.cumsum(sums / np.maximum(counts, 1))
        line += level - float(np.average(line, weights=n[: len(points)]))
        if len(points) == len(grid.labels):
            return line
        gap = float(moved[absent].mean()) if len(absent) else 0.0
        return np.append(line, level + gap)

    return curve(np.arange(len(rows))), [curve(own) for own in _by_model(prober, rows)]


def _same(curve: np.ndarray, own: np.ndarray, n: Sequence[int]) -> bool:
    """Return whether a model's curve goes as that of all does, by their correlation over the rows."""
    weights = np.maximum(np.array(n, float), 1e-9)
    a, b = (c - np.average(c, weights=weights) for c in (curve, own))
    size = float(np.sqrt(np.sum(weights * a * a) * np.sum(weights * b * b)))
    return size > 0 and float(np.sum(weights * a * b)) / size >= SAYS_THE_SAME


def _doubt(agreement: float | None, models: int) -> str:
    if agreement is None or agreement == 1.0:
        return ""
    return f"; {round((1 - agreement) * models)} of {models} models, fitted on other rows, say otherwise"


NO_EFFECT = "hardly any effect on its own"


def describe(name: str, kind: Kind, grid: Grid, means: Sequence[float] | np.ndarray, spread: float) -> str:
    """Return the direction of an effect in one sentence."""
    y = np.array(means)
    reach = float(y.max() - y.min())
    if reach <= FLAT * spread or reach == 0:
        return NO_EFFECT
    line = [i for i, label in enumerate(grid.labels) if label != MISSING]
    if _ordered_kind(kind) and len(line) > 2:
        return _ordered(name, kind, [grid.labels[i] for i in line], y[line])
    top, low = int(y.argmax()), int(y.argmin())
    return f"highest for “{grid.labels[top]}”, lowest for “{grid.labels[low]}”"


def _ordered(name: str, kind: Kind, labels: Sequence[str], y: np.ndarray) -> str:
    steps = np.diff(y)
    up, down = float(steps[steps > 0].sum()), float(-steps[steps < 0].sum())
    more = "later" if kind is Kind.DATETIME else f"more {name}"
    if down <= BACKWARDS * up:
        return f"{more}, higher"
    if up <= BACKWARDS * down:
        return f"{more}, lower"
    top, low = int(y.argmax()), int(y.argmin())
    if _climbs(y[: top + 1]) and _climbs(y[top:][::-1]):
        return f"highest around {labels[top]}, lower on both sides"
    if _climbs(-y[: low + 1]) and _climbs(-y[low:][::-1]):
        return f"lowest around {labels[low]}, higher on both sides"
    return f"up and down: highest around {labels[top]}, lowest around {labels[low]}"


def _climbs(y: np.ndarray) -> bool:
    """Return whether the values go up, taking back little on the way; one value alone does not."""
    steps = np.diff(y)
    up = float(steps[steps > 0].sum())
    return up > 0 and float(-steps[steps < 0].sum()) <= BACKWARDS * up
