"""What is said of the rows that judged a version is what was done, not what was planned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelwright.frame.problem import Problem, SplitKind
from modelwright.report.folds import chosen_from_words, folds_words, repeats_words
from modelwright.steps.judged_on import measured_on
from tests.report import samples


def _problem(holdout: float = 0.0, n_repeats: int = 3) -> Problem:
    return Problem(
        objective="regress", target="y", classes=(), metric="rmse", split=SplitKind.RANDOM, group=None, time=None,
        n_folds=5, n_repeats=n_repeats, holdout=holdout, features=("a",), n_rows=300, choices=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("folds", "said"),
    [
        (15, "240 rows by 5-fold cross-validation, repeated 3 times, corrected"),
        (10, "240 rows by 5-fold cross-validation, repeated 2 times, corrected"),
        (7, "240 rows by 5-fold cross-validation, of which a repeat in part (7 folds in all), corrected"),
        (5, "240 rows by 5-fold cross-validation, corrected"),
        (2, "240 rows in 2 folds of a 5-fold cross-validation: there was no time for more, corrected"),
    ],
)
def test_only_the_folds_that_were_used_are_told(folds: int, said: str):
    assert measured_on(_problem(), 240, folds=folds, candidates=4).startswith(said)


def test_one_candidate_was_not_chosen_and_nothing_was_corrected():
    said = measured_on(_problem(), 60, folds=1, candidates=1)
    assert said.startswith("60 rows in 1 fold of a 5-fold cross-validation")
    assert "corrected" not in said and "one candidate" in said and "repeated" not in said


def test_a_lockbox_is_the_same_however_many_folds_chose():
    said = measured_on(_problem(holdout=0.2), 60, folds=1, candidates=1)
    assert said == "a lockbox of 60 rows (drawn at random) that no model and no choice between models has seen"


@pytest.mark.parametrize(
    ("split", "together", "said"),
    [
        (SplitKind.TIME, 4, "4 stretches of time only"),
        (SplitKind.GROUP, 5, "5 groups only"),
        (SplitKind.TIME, 40, ""),
        (SplitKind.RANDOM, None, ""),
    ],
)
def test_few_stretches_of_time_or_groups_are_told(split: SplitKind, together: int | None, said: str):
    problem = replace(_problem(holdout=0.2), split=split)
    told = measured_on(problem, 900, folds=5, candidates=3, together=together)
    assert (f"they are of {said}, few for an interval, which may be too narrow" in told) if said else ";" not in told


def test_the_report_counts_the_candidates_that_were_measured():
    r = samples.bank()
    assert r.training.n_measured < len(r.training.candidates)
    assert f"out of {r.training.n_measured} candidates" in chosen_from_words(r)
    first = replace(r.training, candidates=tuple(c for c in r.training.candidates if c.weight)[:1])
    alone = replace(r, training=first)
    assert "nothing was chosen" in chosen_from_words(alone)
    one_fold = replace(first, candidates=(replace(first.candidates[0], fold_scores=(0.8,)),))
    short = replace(r, training=one_fold, problem=replace(r.problem, n_repeats=3))
    assert folds_words(short).endswith("1 was used: there was no time for more.")
    assert repeats_words(short) == ""
