"""How much of the validation that was planned took place, in words: a report tells what was done."""

from __future__ import annotations

from modelwright.report.inputs import ReportInput

__all__ = ["chosen_from_words", "folds_used", "folds_words", "repeats_words"]


def folds_used(r: ReportInput) -> int:
    """Return how many folds the model was chosen on: fewer than there are where time was short."""
    return min(r.training.folds_used or r.problem.n_folds, r.problem.n_folds)


def repeats_words(r: ReportInput) -> str:
    """Return how often the folds were dealt anew, empty where they were not."""
    asked = r.problem.n_repeats
    used = -(-r.training.folds_used // r.problem.n_folds) if r.training.folds_used else asked
    if asked == 1 or used == 1:
        return ""
    return f"The folds were dealt {used} times." if used >= asked else f"The folds were dealt {used} times of {asked}."


def chosen_from_words(r: ReportInput) -> str:
    """Return out of how many candidates the validation folds chose the model."""
    n = r.training.n_measured
    if n < 2:
        return "Of the finished model on the validation folds. No other candidate was measured, so nothing was chosen."
    return f"Of the finished model on the validation folds, which also chose it out of {n} candidates: flattered."


def folds_words(r: ReportInput) -> str:
    """Return that not all folds were used, empty where they were."""
    used = folds_used(r)
    if used == r.problem.n_folds:
        return ""
    return f"Of {r.problem.n_folds} folds {used} {'was' if used == 1 else 'were'} used: there was no time for more."
