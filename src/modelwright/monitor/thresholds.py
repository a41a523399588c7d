"""From which size on something is an alarm, and where each number comes from."""

from __future__ import annotations

__all__ = [
    "ALIKE",
    "APART",
    "APART_TOGETHER",
    "NOW",
    "OFF",
    "OUTSIDE",
    "OUTSIDE_TIMES",
    "PREDICTIONS_EFFECT",
    "RISE",
    "SMALL_EFFECT",
    "UNREADABLE",
    "USED",
    "WIDE",
]

SMALL_EFFECT = 0.1
"""Cohen's w of a small effect (Cohen 1988): less is told by its numbers and is no alarm."""

PREDICTIONS_EFFECT = 0.5
"""A large effect (Cohen 1988): the reference of predictions is of the models of folds, and those of the version, fitted
on more rows and calibrated on all, differ from them by up to a medium one without any drift."""

APART = 0.1
"""A group is treated otherwise when predictions for it have moved further from those for all by a tenth of their
standard deviation: half of what is called a small effect (Cohen 1988)."""

APART_TOGETHER = 0.2
"""Standard deviations of a row by which rows are believed to go together less than in training, or more: what is called
a small effect (Cohen 1988)."""

OFF = 0.1
"""Predictions are off on average by a tenth of the standard deviation of a row's error: half of a small effect (Cohen
1988). A fitted model is always off by a little, and by the same in every window."""

RISE = 0.05
"""The loss is up when it is so by more than this share of what is expected: a twentieth is what a new season or a
retraining with another seed costs as well, and nobody would act on it."""

NOW = 0.05
"""A check alarms while the window itself differs with such a p-value, not on what was gathered before alone."""

OUTSIDE = 0.1
"""Share of rows beyond what training has seen from which on the estimate of the loss stands on nothing."""

ALIKE = 0.1
"""Share of the training rows that the window is alike to, by Kish's effective sample size: below a tenth the estimate
speaks of rows that training hardly has."""

OUTSIDE_TIMES = 3.0  # what later stretches of training had beyond earlier ones counts as expected
UNREADABLE = 0.2  # a fifth of a column that cannot be read is another format
USED = 0.01
"""A column with less of the model's use than this moves no prediction that anybody would notice."""

WIDE = 0.5
"""An estimate whose interval reaches this share of the expected loss to either side decides nothing."""
