"""On which rows a version was judged, in words: what was done, which may be less than what was planned."""

from __future__ import annotations

from modelwright.evaluate.blocks import FEWEST_BLOCKS
from modelwright.format import plural
from modelwright.frame.problem import Problem, SplitKind

__all__ = ["measured_on"]

LOCKBOXES = {"time": "the latest", "group": "of unseen groups", "group_time": "later, of unseen groups"}


def measured_on(problem: Problem, n_rows: int, *, folds: int, candidates: int, together: int | None = None) -> str:
    """Return the rows that measured, and how they were kept from what they measure.

    Parameters
    ----------
    problem : Problem
    n_rows : int
        That measured.
    folds : int
        Folds that were used, of all repeats.
    candidates : int
        Finished ones: where there is no second one, nothing was chosen between, and nothing is corrected for it.
    together : int or None
        How many groups or stretches of time the rows are of, which an interval counts; None where each counts alone.
    """
    few = ""
    if together is not None and together < FEWEST_BLOCKS:
        by_group = problem.split in (SplitKind.GROUP, SplitKind.GROUP_TIME)
        of = plural(together, "group") if by_group else f"{plural(together, 'stretch', 'stretches')} of time"
        few = f"; they are of {of} only, few for an interval, which may be too narrow"
    if problem.holdout:
        which = LOCKBOXES.get(problem.split.value, "drawn at random")
        return f"a lockbox of {n_rows:,} rows ({which}) that no model and no choice between models has seen{few}"
    chosen = ", corrected for the optimism of choosing" if candidates > 1 else "; there was one candidate to choose"
    return f"{n_rows:,} rows {_validated(problem.n_folds, problem.n_repeats, folds)}{chosen}{few}"


def _validated(n_folds: int, n_repeats: int, used: int) -> str:
    """Return how rows were validated, with ``used`` of the folds of all repeats."""
    if used < n_folds:
        return f"in {plural(used, 'fold')} of a {n_folds}-fold cross-validation: there was no time for more"
    whole, more = divmod(min(used, n_folds * n_repeats), n_folds)
    if more:
        return f"by {n_folds}-fold cross-validation, of which a repeat in part ({used} folds in all)"
    return f"by {n_folds}-fold cross-validation" + (f", repeated {whole} times" if whole > 1 else "")
