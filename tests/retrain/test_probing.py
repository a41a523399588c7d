"""Whether there is something to learn: said for a small part of the cost of a training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.retrain.probing import FEWEST, Probe, gap_of, probe
from modelwright.retrain.recipes import Question

CONTRACT = Contract(
    columns=(
        ColumnSpec(name="x", kind=Kind.NUMBER),
        ColumnSpec(name="city", kind=Kind.CATEGORY, levels=("oslo", "rome"), n_levels=2),
    ),
    rows_seen=1000,
)
METRICS = {0: "rmse", 2: "roc_auc", 3: "log_loss"}


def asked(k: int, *, turned: bool, noise: float = 1.0, new: int = 600, seed: int = 0) -> Probe | None:
    """Ask about ``new`` rows after 1,000 older ones; from there on the sign of ``x`` counts the other way round, or the
    noise is another one. The champion knows what the old rows depend on."""
    rng = np.random.default_rng(seed)
    n, old = 1000 + new, np.arange(1000 + new) < 1000
    x, rome = rng.normal(size=n), rng.random(n) < 0.4
    sign = np.where(old | (not turned), 1.0, -1.0)
    signal = 1.5 * x + rome
    scale = np.where(old, 1.0, noise)
    y = 1.5 * sign * x + rome + scale * rng.normal(size=n)
    if k:
        y = np.digitize(y, [0.0, 1.5][: k - 1]).astype(np.float64)
        centres = np.array([-1.0, 0.8, 2.5])[:k]
        power = np.exp(-((signal[:, None] - centres) ** 2) / 2)
        said = power / power.sum(axis=1, keepdims=True)
    else:
        said = signal[:, None]
    question = Question(
        columns={"x": x, "city": Strings.from_values(np.where(rome, "rome", "oslo").tolist())},
        contract=CONTRACT,
        y=y,
        order=np.arange(n, dtype=np.float64),
        objective="classify" if k else "regress",
        classes=("a", "b", "c")[:k],
        metric=METRICS[k],
    )
    return probe(question, np.flatnonzero(~old), said[~old], np.flatnonzero(old), pending=50)


@pytest.mark.parametrize("k", [0, 2, 3])
def test_after_a_change_there_is_something_to_learn(k: int) -> None:
    found = asked(k, turned=True)
    assert found is not None and found.sure and not found.hopeless
    assert found.corrected.low > 0.1 * found.loss and found.renewed.low > 0


@pytest.mark.parametrize("k", [0, 2, 3])
def test_where_nothing_changed_there_is_nothing(k: int) -> None:
    found = [asked(k, turned=False, seed=seed) for seed in range(6)]
    assert sum(f.sure for f in found) <= 1


def test_noise_is_nothing_to_learn_from() -> None:
    found = [asked(0, turned=False, noise=3.0, seed=seed) for seed in range(6)]
    assert all(f.loss > 6 for f in found), "the loss is many times what it was"
    assert sum(f.sure for f in found) <= 1


def test_few_rows_say_nothing() -> None:
    assert asked(0, turned=True, new=2 * FEWEST - 1) is None


def test_what_comes_before_its_label_is_left_out_up_to_a_third() -> None:
    assert gap_of(0, 300) == 0 and gap_of(50, 300) == 50 and gap_of(5000, 300) == 100


def test_what_new_rows_are_worth() -> None:
    turned, same = asked(0, turned=True), asked(0, turned=False)
    assert turned is not None and same is not None
    assert turned.worth > 0.5 * turned.loss and same.worth < 0.1 * same.loss
    renewed = replace(turned.corrected, value=3.0)
    assert Probe(rows=100, corrected=same.corrected, loss=2.0, renewed=renewed, dated=6.0).worth == pytest.approx(1.0)
    lost = replace(same.corrected, value=-1.0)
    assert Probe(rows=100, corrected=lost, loss=2.0).worth == 0.0
