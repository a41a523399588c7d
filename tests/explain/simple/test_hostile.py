"""Rows made to hurt: a run must not end because no model fits on a page."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.evaluate import metrics
from modelwright.explain.simple.choosing import choose
from modelwright.explain.simple.measuring import Against, simple_model
from modelwright.explain.simple.rows import Fit, link_of
from modelwright.explain.simple.sql import to_sql
from modelwright.explain.simple.wording import page_lines

KINDS = {
    "empty": Kind.NUMBER,
    "constant": Kind.NUMBER,
    "huge": Kind.NUMBER,
    "infinite": Kind.NUMBER,
    "tiny": Kind.NUMBER,
    "rare": Kind.BOOLEAN,
    "ancient": Kind.DATETIME,
    "lasting": Kind.DURATION,
    "one level": Kind.CATEGORY,
    "no level": Kind.CATEGORY,
    "gaps": Kind.CATEGORY,
    "odd": Kind.CATEGORY,
}
CONTRACT = Contract(columns=tuple(ColumnSpec(name=n, kind=k) for n, k in KINDS.items()), rows_seen=1)


def columns_of(n, rng):
    infinite = rng.normal(size=n)
    infinite[::3], infinite[1::7] = np.inf, -np.inf
    gaps = np.array(rng.choice(["a", "b"], n), dtype=object)
    gaps[rng.random(n) < 0.8] = None
    return {
        "empty": np.full(n, np.nan),
        "constant": np.ones(n),
        "huge": rng.choice([-1e308, 0.0, 1e300, 1e308], n),
        "infinite": infinite,
        "tiny": rng.normal(size=n) * 1e-300,
        "rare": (np.arange(n) == 0).astype(float),
        "ancient": rng.choice([-6e13, 0.0, 2.5e14], n),
        "lasting": rng.exponential(86_400, n),
        "one level": Strings.from_values(["x"] * n),
        "no level": Strings.from_values([None] * n),
        "gaps": Strings.from_values(gaps),
        "odd": Strings.from_values(rng.choice(["", "'", '"', "ü" * 200, "\n"], n)),
    }


def told(fit, metric, folds, held, lockbox):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        k = max(1, len(fit.classes))
        shipped = Against(rows=held, prediction=np.full((len(held), k), 1.0 / k), lockbox=lockbox, threshold=0.5)
        return simple_model(fit, folds, shipped, metrics.get(metric), seed=0, deadline_s=600)


TARGETS = {
    "classes": (("no", "yes"), lambda rng, n: (np.arange(n) % 3 == 0).astype(float), "roc_auc"),
    "one event": (("no", "yes"), lambda rng, n: (np.arange(n) < 2).astype(float), "log_loss"),
    "three": (("a", "b", "c"), lambda rng, n: (np.arange(n) % 3).astype(float), "log_loss"),
    "constant": ((), lambda rng, n: np.full(n, 7.0), "rmse"),
    "huge values": ((), lambda rng, n: rng.normal(size=n) * 1e150, "mae"),
    "zeros": ((), lambda rng, n: np.where(np.arange(n) % 20 == 0, 5.0, 0.0), "rmse"),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("n", [6, 40, 400])
@pytest.mark.parametrize("lockbox", [True, False])
def test_hostile_tables_have_a_page_or_a_reason(target, n, lockbox):
    classes, values, metric = TARGETS[target]
    rng = np.random.default_rng(n)
    y = values(rng, n)
    fit = Fit(columns_of(n, rng), y, CONTRACT, classes, "t", link_of(classes, amount=target == "zeros"))
    rows = rng.permutation(n)
    held, rest = (np.sort(rows[: n // 3]), rows[n // 3 :]) if lockbox else (np.arange(n), rows)
    folds = [(np.sort(rest[i::2]), np.sort(rest[1 - i :: 2])) for i in range(2)]
    found = told(fit, metric, folds, held, lockbox)
    assert (found.model is None) == bool(found.why_not)
    if found.model is not None:
        assert list(page_lines(found.model)) and to_sql(found.model) and found.advice


def test_no_time_at_all_still_gives_a_page():
    rng = np.random.default_rng(0)
    fit = Fit(columns_of(300, rng), rng.normal(size=300), CONTRACT, (), "t", "identity")
    folds = [(np.arange(0, 200, 2), np.arange(1, 200, 2)), (np.arange(1, 200, 2), np.arange(0, 200, 2))]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = choose(
            fit, folds, np.arange(200, 300), metrics.get("rmse"), lockbox=True, seed=0, deadline=time.monotonic() - 1
        )
    assert found is not None and len({c.form for c in found.candidates}) == 1
