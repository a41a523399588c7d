"""Who is better: ranks over sets, wins by more than the noise of the test rows, and how far apart ranks have to be.

Ranks and the critical difference are those of Demsar (2006), "Statistical comparisons of classifiers over multiple data
sets", JMLR 7. The normalised score is that of TabRepo (Salinas and Erickson 2024).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata, studentized_range

__all__ = ["Duel", "Verdict", "cliques", "critical_difference", "decide", "duel", "normalised", "ranks"]

Verdict = str
"""``win``, ``tie`` or ``loss``, of the first of two systems."""

COVERAGE = 0.95


def ranks(scores: Sequence[float | None]) -> np.ndarray:
    """Return ranks of scores, of which the smaller is the better; equal ones share theirs, failures share the last.

    Parameters
    ----------
    scores
        Of each system on one set; None where it failed.
    """
    return rankdata([math.inf if s is None else s for s in scores])


def normalised(scores: Sequence[float | None]) -> np.ndarray:
    """Return 1 for the best of a set, 0 for what failed or is no better than the median of those that did not."""
    known = np.array([s for s in scores if s is not None])
    if not len(known):
        return np.zeros(len(scores))
    best, middle = known.min(), np.median(known)
    if middle == best:
        return np.array([float(s == best) for s in scores])
    return np.array([0.0 if s is None else max(0.0, (middle - s) / (middle - best)) for s in scores])


def decide(one: float | None, other: float | None, differences: np.ndarray | None) -> Verdict:
    """Return whether the first of two systems won on a set.

    Parameters
    ----------
    differences
        Of their scores on resampled test rows, first less second: it is a tie where zero lies inside of their interval.
    """
    if one is None or other is None:
        return "tie" if one is other else ("win" if other is None else "loss")
    if differences is None or one == other:
        return "tie"
    tail = 100 * (1 - COVERAGE) / 2
    low, high = np.nanpercentile(differences, [tail, 100 - tail])
    return "win" if high < 0 else "loss" if low > 0 else "tie"


@dataclass(frozen=True)
class Duel:
    """Wins, ties and losses of one system against another."""

    wins: int
    ties: int
    losses: int

    @property
    def share(self) -> float:
        """Wins of all sets; ties count half."""
        sets = self.wins + self.ties + self.losses
        return (self.wins + self.ties / 2) / sets if sets else math.nan


def duel(verdicts: Mapping[str, Verdict]) -> Duel:
    """Count the verdicts of the sets."""
    words = list(verdicts.values())
    return Duel(words.count("win"), words.count("tie"), words.count("loss"))


def critical_difference(systems: int, sets: int) -> float:
    """Return by how much mean ranks must differ for two of so many systems to differ, by the test of Nemenyi."""
    quantile = studentized_range.ppf(COVERAGE, systems, np.inf) / math.sqrt(2)
    return float(quantile * math.sqrt(systems * (systems + 1) / (6 * sets)))


def cliques(means: Sequence[float], difference: float) -> list[tuple[int, int]]:
    """Return runs of systems, ordered by mean rank, inside of which none differs: first and last of each."""
    found: list[tuple[int, int]] = []
    for first, low in enumerate(means):
        last = max(i for i, high in enumerate(means) if high - low <= difference)
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found
