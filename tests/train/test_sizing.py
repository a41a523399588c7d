from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelwright.train.planning import make_plan
from modelwright.train.sizing import CHOICE_ROWS, LEAST_ROWS, choose_size

from .conftest import make_job


def job_of(folder, n, *, n_folds=5, repeats=1, lockbox=True, classes=0):
    """Return a job of so many rows of which only the numbers matter."""
    small = make_job(folder, 60, classes=classes)
    rows = np.arange(n)
    holdout, rest = (rows[: n // 5], rows[n // 5 :]) if lockbox else (rows[:0], rows)
    folds = tuple((rest[rest % n_folds != f], rest[rest % n_folds == f]) for f in range(n_folds)) * repeats
    y = np.resize(small.y, n)
    return replace(small, y=y, folds=folds, holdout=holdout, max_train_rows=n)


def size_of(job, seconds):
    plan = make_plan(objective=job.objective, n_rows=len(job.y), n_features=30, n_classes=job.n_classes)
    return choose_size(job, plan, seconds, 2)


def test_without_a_clock_everything_is_used(tmp_path):
    job = job_of(tmp_path, 400, repeats=3, lockbox=False)
    size, _ = size_of(job, None)
    assert (size.folds, size.max_train_rows, size.note) == (15, 400, "")


def test_less_time_means_fewer_folds_then_fewer_rows_and_says_so(tmp_path):
    job = job_of(tmp_path, 200_000)
    sizes = [size_of(job, seconds)[0] for seconds in (3_000, 300, 60, 10, 1)]
    folds, rows = [s.folds for s in sizes], [s.max_train_rows for s in sizes]
    assert folds == sorted(folds, reverse=True) and rows == sorted(rows, reverse=True)
    assert folds[-1] == 1 and LEAST_ROWS <= rows[-1] < rows[0] == len(job.y)
    assert "training rows" in sizes[-1].note


def test_folds_draw_no_more_rows_than_the_choice_needs(tmp_path):
    size, _ = size_of(job_of(tmp_path, 10 * CHOICE_ROWS), 10_000)
    assert size.folds == 1  # 12,800 rows judge in it
    assert size_of(job_of(tmp_path, CHOICE_ROWS), 10_000)[0].folds == 5


@pytest.mark.parametrize(("lockbox", "fewest"), [(True, 2), (False, 2)])
def test_few_rows_are_never_judged_on_one_fold(tmp_path, lockbox, fewest):
    assert size_of(job_of(tmp_path, 2_000, lockbox=lockbox), 0.01)[0].folds == fewest


def test_repeats_are_whole_and_only_where_there_is_time(tmp_path):
    job = job_of(tmp_path, 300, repeats=4, lockbox=False)
    folds = [size_of(job, seconds)[0].folds for seconds in (0.1, 1, 5, 20, 60, 300, 3_000)]
    assert folds == sorted(folds) and folds[-1] == 20
    assert all(f <= 5 or f % 5 == 0 for f in folds)
