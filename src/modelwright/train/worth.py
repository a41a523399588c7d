"""What a candidate is likely to add to an ensemble, before anything is known of this table."""

from __future__ import annotations

import numpy as np

__all__ = ["SURE_NAME", "anchors", "worth_of"]

SMALL_ROWS = 2_000

ANCHORS_SMALL = ("linear/ridge", "catboost/default")
ANCHORS_LARGE = ("lightgbm/default", "catboost/default")
"""Tried first whatever they cost: without a strong model there is none, and a quick one is there early."""

MANY_CLASSES = 30
"""A boosting has a tree for each class in every round: with more classes than this, what can be packaged in a short
budget has a few dozen rounds and may be poorer than a linear model, which would have had no turn."""

SURE_NAME = "sure"
"""Of a learner's first settings on those columns of a wide table that surely tell, see `modelwright.features.wide`."""

ANCHORS_MANY_CLASSES = ("linear/ridge", *ANCHORS_LARGE)

ANCHORS_WIDE = (f"linear/{SURE_NAME}", f"catboost/{SURE_NAME}")

ROWS = (500, 3_000, 30_000)
"""Rows for which `WORTH` holds; between them it is interpolated on a logarithmic axis."""

WORTH: dict[str, tuple[float, float, float]] = {
    "linear": (2.0, 1.0, 0.3),
    "catboost": (2.5, 2.5, 2.0),
    "lightgbm": (1.0, 1.5, 2.0),
    "xgboost": (0.8, 1.2, 1.5),
    "extra_trees": (1.5, 1.2, 0.7),
    "random_forest": (0.8, 0.6, 0.4),
    "mlp": (1.5, 2.0, 1.5),
    "kernel": (2.5, 2.0, 0.5),
    "neighbours": (0.3, 0.3, 0.2),
    "catboost/crossed": (1.5, 2.4, 2.0),
    "lightgbm/crossed": (1.0, 1.5, 1.5),
    "lightgbm/tweedie": (0.5, 2.8, 2.8),
    "catboost/tweedie": (0.5, 1.5, 1.5),
}
"""Of a family's first settings, or of one candidate: per cent of the loss that it takes off an ensemble. Those of
crossed features were measured on tables of about 3,000 rows (docs/adr/0011), those for amounts on eight of 260 to
2,000 rows: 2.8 ± 1.3 beside four families for LightGBM's, 3.6 ± 1.4 for both, nothing on the smallest."""

OTHER_WORTH = 1.0
"""Of a learner that is not of this package."""

FIRST = frozenset({"default", "ridge", SURE_NAME})
FURTHER = 0.35
"""Second and further settings of a family add less than the first."""


def anchors(n_rows: int, *, wide: bool = False, n_classes: int = 1) -> tuple[str, ...]:
    """Return the keys of the candidates that come first; ``wide`` where columns are too many for the rows."""
    if wide:
        return ANCHORS_WIDE
    if n_classes > MANY_CLASSES:
        return ANCHORS_MANY_CLASSES
    return ANCHORS_SMALL if n_rows < SMALL_ROWS else ANCHORS_LARGE


def worth_of(key: str, n_rows: int) -> float:
    """Return the per cent of the loss that a candidate is expected to take off an ensemble."""
    family, _, name = key.partition("/")
    levels: tuple[float, ...] = WORTH.get(key) or WORTH.get(family) or (OTHER_WORTH,) * len(ROWS)
    worth = float(np.interp(np.log(max(n_rows, 2)), np.log(ROWS), levels))
    return worth if name in FIRST or key in WORTH else worth * FURTHER
