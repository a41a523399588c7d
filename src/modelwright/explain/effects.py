"""How the prediction moves with a column, all else as it is: partial dependence (Friedman 2001)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwright.data.columns import take
from modelwright.data.contract import Contract, Kind
from modelwright.explain.grids import MISSING, Grid, make_grid
from modelwright.explain.reasons import Effect
from modelwright.explain.sampling import Prober

__all__ = ["describe", "measure_effects", "outcome_of"]

# A mean over 300 rows is exact to 6 % of the rows' own spread.
MAX_ROWS = 300
# Kinds whose values cannot be set one by one.
WITHOUT = frozenset({Kind.TEXT, Kind.ID, Kind.CONSTANT})
# An effect below this share of the spread of all predictions is not worth a direction.
FLAT = 0.02
# A curve goes one way when it takes back less than this share of its climb.
BACKWARDS = 0.1


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
    prober: Prober, columns: Sequence[str], contract: Contract, output: int, *, spread: float, rng: np.random.Generator
) -> tuple[Effect, ...]:
    """Return the effects of the columns that have one, in their order, as far as time allows.

    ``spread`` is the standard deviation of the predictions, which says what a large effect is.
    """
    n = len(next(iter(prober.base.values())))
    rows = np.sort(rng.choice(n, MAX_ROWS, replace=False)) if n > MAX_ROWS else np.arange(n)
    asked = Prober(prober.predict, take(prober.base, rows), prober.deadline)
    effects = []
    for name in columns:
        kind = contract[name].kind
        grid = None if kind in WITHOUT else make_grid(prober.base[name], kind)
        if grid is None:
            continue
        changes = [(name, grid.column(i, asked.base[name])) for i in range(len(grid.labels))]
        means = [float(p[:, output].mean()) for p in asked.ask(changes)]
        if len(means) < len(changes):
            break
        effects.append(
            Effect(
                column=name, x=grid.labels, y=tuple(means), n=grid.n, words=describe(name, kind, grid, means, spread)
            )
        )
    return tuple(effects)


def describe(name: str, kind: Kind, grid: Grid, means: Sequence[float], spread: float) -> str:
    """Return the direction of an effect in one sentence."""
    y = np.array(means)
    reach = float(y.max() - y.min())
    if reach <= FLAT * spread or reach == 0:
        return "hardly any effect on its own"
    ordered = kind.numeric and kind is not Kind.BOOLEAN
    line = [i for i, label in enumerate(grid.labels) if label != MISSING]
    if ordered and len(line) > 2:
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
