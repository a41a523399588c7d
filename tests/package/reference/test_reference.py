"""The reference of a version: bins, variation, size, what is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.documents import encode
from modelwright.errors import BundleError
from modelwright.evaluate.metrics import get
from modelwright.package.reference import varying
from modelwright.package.reference.binning import bins_of, counts_of
from modelwright.package.reference.documents import REFERENCE, ColumnReference, read_reference
from modelwright.package.reference.fitting import MAX_BYTES, Judged, fit_reference
from modelwright.package.reference.losing import base_of, fit_effects, loss_of
from modelwright.runtime.bins import ABOVE, BELOW, FIRST, MISSING, NEW
from tests.monitor import making


def test_the_bins_of_numbers() -> None:
    reference = ColumnReference(name="x", kind="number", edges=(0.0, 0.0, 1.0, 2.0), shares=(0.1, 0, 0, 0.3, 0.3, 0.3))
    column = np.array([np.nan, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5])
    assert bins_of(column, reference, None).tolist() == [
        MISSING, BELOW, FIRST, FIRST + 1, FIRST + 1, FIRST + 2, FIRST + 2, ABOVE,
    ]  # fmt: skip
    assert counts_of(column, reference, None).tolist() == [1, 1, 1, 1, 2, 2]


def test_the_bins_of_levels() -> None:
    spec = ColumnSpec(name="x", kind=Kind.CATEGORY, levels=("a", "b", "c"), n_levels=3)
    reference = ColumnReference(name="x", kind="category", levels=("a",), complete=True, shares=(0, 0, 0.5, 0.5))
    column = Strings.from_values(["a", "b", "z", None])
    assert bins_of(column, reference, spec).tolist() == [FIRST, 2, NEW, MISSING]
    assert counts_of(column, reference, spec).tolist() == [1, 1, 1, 1]


def test_new_levels_are_expected_on_the_rows_that_have_any() -> None:
    values = [f"company {i}" if i % 20 == 0 else None for i in range(2000)]  # none is met again
    spec = ColumnSpec(name="x", kind=Kind.CATEGORY, levels=tuple(values[::20]), n_levels=100)
    contract = Contract(columns=(spec,), rows_seen=2000)
    shares = fit_reference({"x": Strings.from_values(values)}, contract)["x"].shares
    assert shares[MISSING] == pytest.approx(0.95, abs=0.01) and shares[NEW] == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("kind", ["number", "category", "text"])
def test_counting_is_as_binning_row_by_row(kind: str) -> None:
    rng = np.random.default_rng(0)
    values = np.where(rng.random(500) < 0.1, np.nan, np.round(rng.normal(size=500), 1))
    column = values if kind == "number" else Strings.from_values([None if np.isnan(v) else f"{v}" for v in values])
    contract = Contract(columns=(ColumnSpec(name="x", kind=Kind(kind)),), rows_seen=500)
    reference = fit_reference({"x": column}, contract)["x"]
    other = values * 2 if kind == "number" else Strings.from_values([f"{v * 2}" for v in values])
    bins = bins_of(other, reference, contract["x"])
    assert counts_of(other, reference, contract["x"]).tolist() == np.bincount(
        bins, minlength=len(reference.shares)
    ).tolist()  # fmt: skip
    assert abs(sum(reference.shares) - 1) < 0.01


def test_rows_at_random_do_not_vary_and_seasons_do() -> None:
    rng = np.random.default_rng(0)
    bins = rng.integers(FIRST, FIRST + 5, 20_000)
    season = np.where(np.arange(20_000) // 1000 % 2 == 0, bins, FIRST + (bins - FIRST) // 2)
    for variation in varying.of_bins(bins, FIRST + 5, ordered=True):
        assert 1 + variation.excess * variation.rows < 1.3
    assert max(v.excess * v.rows for v in varying.of_bins(season, FIRST + 5, ordered=True)) > 10
    sorted_file = varying.of_bins(np.sort(bins), FIRST + 5, ordered=False)
    known = varying.of_bins(np.sort(bins), FIRST + 5, ordered=True)
    assert all(a.excess < b.excess for a, b in zip(sorted_file, known, strict=True))


def test_what_is_expected_of_probabilities_is_what_comes() -> None:
    rng = np.random.default_rng(0)
    event = rng.random(50_000)
    prediction = np.column_stack([1 - event, event])
    y = (rng.random(50_000) < event) * 1.0
    for name in ("brier", "log_loss"):
        assert loss_of(name, y, prediction).mean() == pytest.approx(base_of(name, prediction).mean(), rel=0.02)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_brier_score_is_that_of_the_report(n_classes: int) -> None:
    rng = np.random.default_rng(0)
    prediction = rng.dirichlet(np.ones(n_classes), 200)
    y = rng.integers(0, n_classes, 200) * 1.0
    assert loss_of("brier", y, prediction).mean() == pytest.approx(get("brier")(y, prediction))


def test_the_brier_score_of_earlier_releases_is_halved_when_it_is_read(tmp_path: Path) -> None:
    """They summed it over both classes."""
    version = making.version(tmp_path / "1")
    new = version.reference
    assert new.loss is not None and new.prediction is not None and new.loss.of_event
    loss = replace(new.loss, name="brier")
    old = tmp_path / "old"
    old.mkdir()
    told = replace(new, loss=loss, classes=()).document()
    del told["loss"]["of_event"]
    (old / REFERENCE).write_bytes(encode(told))
    read = read_reference(old, version.contract)
    assert read.loss is not None and read.prediction is not None
    assert read.loss.mean == loss.mean / 2 and read.loss.offset == loss.offset / 2
    assert read.loss.deviation == loss.deviation / 2 and read.loss.residual == loss.residual / 2
    assert read.loss.variation == loss.variation and read.loss.doubt == loss.doubt
    assert read.prediction.effects == tuple(v / 2 for v in new.prediction.effects)
    told["loss"]["of_event"] = True
    (old / REFERENCE).write_bytes(encode(told))
    assert read_reference(old, version.contract).loss == replace(loss, of_event=True)


def test_effects_of_bins_are_found_and_noise_is_not() -> None:
    rng = np.random.default_rng(0)
    bins = rng.integers(0, 4, 5_000)
    other = rng.integers(0, 3, 5_000)
    found = fit_effects([bins, other], [4, 3], 2.0 * bins + rng.normal(size=5_000))
    assert np.diff(found.effects[0]) == pytest.approx([2.0, 2.0, 2.0], abs=0.3)
    assert np.ptp(found.effects[1]) < 0.3
    nothing = fit_effects([bins, other], [4, 3], rng.normal(size=5_000))
    assert max(np.ptp(e) for e in nothing.effects) < 0.3


def wide(n_columns: int, rows: int = 800) -> tuple[Columns, Contract]:
    rng = np.random.default_rng(0)
    columns: Columns = {f"column number {i}": rng.normal(size=rows) * 10.0 ** (i % 9) for i in range(n_columns - 5)}
    levels = [f"level {i}" for i in range(30)]
    columns |= {f"levels {i}": Strings.from_values(rng.choice(levels, rows).tolist()) for i in range(5)}
    specs = tuple(
        ColumnSpec(name=name, kind=Kind.CATEGORY, levels=tuple(levels), n_levels=30)
        if isinstance(column, Strings)
        else ColumnSpec(name=name, kind=Kind.NUMBER)
        for name, column in columns.items()
    )
    return columns, Contract(columns=specs, rows_seen=rows)


@pytest.mark.parametrize("n_columns", [10, 60, 120, 200])
def test_a_reference_is_small(n_columns: int) -> None:
    columns, contract = wide(n_columns)
    rng = np.random.default_rng(1)
    chance = rng.random((800, 2))
    judged = Judged(rows=np.arange(800), y=rng.integers(0, 2, 800) * 1.0, prediction=chance)
    found = fit_reference(columns, contract, judged=judged, metric="roc_auc", classes=("a", "b"))
    assert len(encode(found.document())) < MAX_BYTES


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    version = making.version(tmp_path / "1")
    assert version.reference == making.reference_of(version.plan)
    assert version.reference.loss is not None and version.reference.order == "the time of the rows"


def test_a_reference_of_other_columns_is_refused(tmp_path: Path) -> None:
    version = making.version(tmp_path / "1")
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(version.folder / REFERENCE, other / REFERENCE)
    document = json.loads((other / REFERENCE).read_text())
    (other / REFERENCE).chmod(0o600)
    with pytest.raises(BundleError, match="MW-B131"):
        read_reference(other, version.contract.only(["age"]))
    document["columns"][0]["shares"].append(0.5)
    (other / REFERENCE).write_text(json.dumps(document))
    with pytest.raises(BundleError, match="MW-B131"):
        read_reference(other, version.contract)
    document["columns"][0].pop("shares")
    (other / REFERENCE).write_text(json.dumps(document))
    with pytest.raises(BundleError, match="MW-B110"):
        read_reference(other, version.contract)


def test_odd_columns_have_a_reference() -> None:
    columns: Columns = {
        "empty": np.full(300, np.nan),
        "constant": np.full(300, 7.0),
        "flag": np.tile([0.0, 1.0, np.nan], 100),
        "huge": np.linspace(-1, 1, 300) * 1e308,
        "nothing": Strings(np.full(300, -1, np.int32), np.empty(0, dtype=object)),
        "ids": Strings.from_values([f"id {i}" for i in range(300)]),
    }
    kinds = (Kind.NUMBER, Kind.NUMBER, Kind.BOOLEAN, Kind.NUMBER, Kind.CATEGORY, Kind.ID)
    contract = Contract(
        columns=tuple(ColumnSpec(name=n, kind=k) for n, k in zip(columns, kinds, strict=True)), rows_seen=300
    )
    found = fit_reference(columns, contract)
    for name, column in columns.items():
        assert counts_of(column, found[name], contract[name]).sum() == 300
        assert abs(sum(found[name].shares) - 1) < 0.01, name
