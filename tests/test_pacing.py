"""How the time after training is shared: what is kept, what a stage may take, how samples shrink, that it is told."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

from modelwright.steps import pacing
from modelwright.train.ahead import Heft
from modelwright.train.budget import Budget

NAMES = [f"c{i}" for i in range(16)]


def run_of(*, seconds=60.0, gone=0.0, slowness=1.0, rows=10_000, classes=(), heft=None, folders=(), timed=True):
    """Return as much of a run as the pacing of its stages looks at."""
    told = []
    return SimpleNamespace(
        budget=Budget(seconds, started=time.monotonic() - gone, timed=timed),
        slowness=slowness,
        rows=np.arange(rows),
        columns=dict.fromkeys(NAMES),
        test_columns=None,
        classes=classes,
        folds=SimpleNamespace(holdout=np.arange(rows // 5)),
        documents={},
        outcome=SimpleNamespace(
            heft=heft or Heft(size=0.0, row_seconds=1e-5), members=[SimpleNamespace(folders=folders)]
        ),
        told=told,
        decide=lambda *said: told.append(said),
    )


def test_a_busy_machine_more_classes_and_more_rows_have_more_kept_for_them():
    kept = pacing.after_seconds(run_of())
    assert 3.0 < kept < 9.0  # of 60 s on a table like that of the demo
    assert pacing.after_seconds(run_of(slowness=3.0)) > 1.8 * kept
    assert pacing.after_seconds(run_of(classes=tuple("abcdefghijkl"))) > kept
    assert pacing.after_seconds(run_of(rows=400_000)) > kept + 2


def test_little_time_is_shared_between_training_and_what_follows():
    assert pacing.after_seconds(run_of(seconds=10.0, gone=14.0)) == 0.0  # it is over
    short = pacing.after_seconds(run_of(seconds=10.0, gone=4.0))
    assert 1.5 < short <= 0.5 * 6.1
    assert pacing.after_seconds(run_of(seconds=10.0, gone=4.0, slowness=5.0)) == pytest.approx(0.8 * 6.0, abs=0.05)


def test_a_stage_takes_what_those_behind_it_do_not_need():
    early, late = (pacing.allowed(run_of(gone=gone), "explain") for gone in (45.0, 55.0))
    assert early == pytest.approx(6.0) and 0.5 < late < 3.0  # a tenth of the budget, and what there is
    assert pacing.allowed(run_of(gone=59.0), "explain") == 0.0
    assert pacing.allowed(run_of(gone=59.0), "stress") == 0.0
    assert pacing.allowed(run_of(timed=False), "stress") == pacing.UNTIMED_S["stress"]


def test_models_to_package_leave_less_to_explain(tmp_path):
    (tmp_path / "model.txt").write_bytes(b"0" * 8_000_000)
    alone = pacing.allowed(run_of(gone=54.0), "explain")
    with_models = pacing.allowed(run_of(gone=54.0, folders=(str(tmp_path),)), "explain")
    assert with_models < alone - 1.5


def test_slow_models_are_asked_about_fewer_rows():
    slow = run_of(heft=Heft(size=1e6, row_seconds=2e-3))
    assert pacing.rows_within(run_of(), 1.0, least=100, most=1_000) == 1_000
    assert pacing.rows_within(slow, 1.0, least=100, most=1_000) == 500
    assert pacing.rows_within(slow, 0.0, least=100, most=1_000) == 100


def test_tables_are_sampled_where_time_does_not_go_round_and_it_is_told():
    plenty, short = run_of(gone=30.0), run_of(gone=59.0)
    assert pacing.rows_for(plenty, "package", 20_000, least=3_000) == 20_000 and not plenty.told
    fewer = pacing.rows_for(short, "package", 20_000, least=3_000)
    assert 3_000 <= fewer < 20_000
    assert short.told[0][:3] == ("package", "time", f"{fewer:,} rows instead of 20,000")
    short.told.clear()
    assert pacing.rows_for(short, "package", 2_000, least=3_000) == 2_000 and not short.told


def test_less_time_than_is_kept_goes_to_the_ledger():
    run = run_of(gone=59.0)
    pacing.tell_shrunk(run, "explain", 0.1, "columns were ranked on 60 rows")
    assert run.told[0][1] == "time" and "60 rows" in run.told[0][3]
    pacing.tell_shrunk(run, "explain", 10.0, "all of them")
    assert len(run.told) == 1
