import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.evaluate import slices as slicing
from modelwright.evaluate.metrics import get
from modelwright.evaluate.slices import find_slices

from .worlds import binary, values


def _table(rng, n, width=20):
    columns, specs = {}, []
    for i in range(width):
        name = f"column {i}"
        if i % 2:
            codes = rng.integers(-1, 6, n).astype(np.int32)
            columns[name] = Strings(codes, np.array([f"level {j}" for j in range(6)], dtype=object))
            specs.append(ColumnSpec(name=name, kind=Kind.CATEGORY))
        else:
            columns[name] = np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n))
            specs.append(ColumnSpec(name=name, kind=Kind.NUMBER))
    return columns, specs


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "accuracy", "rmse", "mae"])
def test_a_planted_bad_slice_comes_first(metric):
    rng = np.random.default_rng(0)
    y, p = values(rng, 4000) if get(metric).needs == "value" else binary(rng, 4000)
    columns, specs = _table(rng, 4000)
    bad = rng.random(4000) < 0.15
    p[bad] = p[rng.permutation(np.flatnonzero(bad))]
    columns["channel"] = Strings(
        np.where(bad, 0, rng.integers(1, 4, 4000)).astype(np.int32), np.array(list("abcd"), dtype=object)
    )
    specs.append(ColumnSpec(name="channel", kind=Kind.CATEGORY))
    found = find_slices(get(metric), y, p, columns, Contract(columns=tuple(specs), rows_seen=4000))
    assert (found[0].column, found[0].value, found[0].worse) == ("channel", "a", True)
    assert found[0].gap < 0 and found[0].score.n == bad.sum()
    assert len(found) <= 20
    order = [s.worse for s in found]
    assert order == sorted(order, reverse=True)


def test_clean_tables_accuse_no_slice():
    accused = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        y, p = binary(rng, 2000)
        columns, specs = _table(rng, 2000, 10)
        found = find_slices(get("roc_auc"), y, p, columns, Contract(columns=tuple(specs), rows_seen=2000))
        accused += any(s.worse for s in found)
    assert accused <= 2  # 5 % of tables each


def test_what_few_rows_cannot_tell_is_not_called_noise():
    rng = np.random.default_rng(5)
    y, p = values(rng, 3000)
    few = np.arange(3000) < 35
    p[few] += rng.normal(0, 0.5 * np.abs(p - y[:, None]).mean(), (35, 1))
    columns = {"few": few.astype(float), "half": (rng.random(3000) < 0.5).astype(float)}
    contract = Contract(columns=tuple(ColumnSpec(name=c, kind=Kind.BOOLEAN) for c in columns), rows_seen=3000)
    told = {(s.column, s.value): s.judgement for s in find_slices(get("mae"), y, p, columns, contract)}
    assert told["few", "yes"] in {"unknown", "perhaps", "worse"}
    assert told["half", "yes"] == told["half", "no"] == "alike"


def test_hard_parts_that_keep_what_their_chances_say_are_called_hard():
    rng = np.random.default_rng(3)
    driver = rng.normal(size=20_000)
    p = 1 / (1 + np.exp(-3 * driver))
    y = (rng.random(20_000) < p).astype(float)
    contract = Contract(columns=(ColumnSpec(name="driver", kind=Kind.NUMBER),), rows_seen=20_000)
    found = find_slices(get("log_loss"), y, np.column_stack([1 - p, p]), {"driver": driver}, contract)
    middle = max(found, key=lambda s: s.score.value)
    assert middle.judgement == "hard" and not middle.worse
    assert {s.judgement for s in found} <= {"hard", "alike"}


def test_many_bad_parts_are_all_found():
    """Of many parts that are worse none hides behind the number of those looked at."""
    rng = np.random.default_rng(8)
    y, p = values(rng, 4000)
    columns, specs = _table(rng, 4000)
    where = rng.integers(0, 12, 4000)
    p[where < 6] += rng.normal(0, 0.65 * np.std(y), (int((where < 6).sum()), 1))
    columns["shop"] = Strings(where.astype(np.int32), np.array([f"s{i}" for i in range(12)], dtype=object))
    specs.append(ColumnSpec(name="shop", kind=Kind.CATEGORY))
    found = find_slices(get("mae"), y, p, columns, Contract(columns=tuple(specs), rows_seen=4000))
    bad = {s.value for s in found if s.worse}
    assert bad <= {f"s{i}" for i in range(6)} and len(bad) >= 4


def test_names_of_parts():
    rng = np.random.default_rng(1)
    n = 1000
    y, p = values(rng, n)
    columns = {
        "day": 1.6e9 + 86400.0 * np.arange(n),
        "flag": (rng.random(n) < 0.3).astype(float),
        "rooms": np.where(rng.random(n) < 0.2, np.nan, rng.integers(1, 5, n).astype(float)),
        "note": Strings(
            np.where(rng.random(n) < 0.1, -1, np.arange(n)).astype(np.int32),
            np.array([f"n{i}" for i in range(n)], dtype=object),
        ),
        "same": np.full(n, 3.0),
    }
    kinds = {"day": Kind.DATETIME, "flag": Kind.BOOLEAN, "rooms": Kind.NUMBER, "note": Kind.TEXT, "same": Kind.CONSTANT}
    contract = Contract(columns=tuple(ColumnSpec(name=c, kind=k) for c, k in kinds.items()), rows_seen=n)
    found = find_slices(get("mae"), y, p, columns, contract, unit="€")
    parts = {(s.column, s.value) for s in found}
    assert {("flag", "yes"), ("flag", "no"), ("rooms", "missing"), ("rooms", "1"), ("note", "missing")} <= parts
    assert any(c == "day" and v.startswith("20") and " – " in v for c, v in parts)
    assert not any(c == "same" for c, _ in parts)
    assert found[0].score.unit == "€"


def test_groups_few_rows_and_one_class():
    rng = np.random.default_rng(2)
    y, p = binary(rng, 300)
    columns, specs = _table(rng, 300, 4)
    contract = Contract(columns=tuple(specs), rows_seen=300)
    assert find_slices(get("roc_auc"), y, p, columns, contract, groups=rng.integers(0, 60, 300))
    assert find_slices(get("roc_auc"), y, p, columns, contract, groups=np.arange(300) // 100) == ()
    assert find_slices(get("roc_auc"), np.zeros(300), p, columns, contract) == ()
    few = {"a": np.arange(20.0)}
    assert find_slices(get("accuracy"), y[:20], p[:20], few, contract) == ()
    assert find_slices(get("accuracy"), y, p, {}, contract) == ()


@pytest.mark.parametrize("metric", ["roc_auc", "pr_auc", "log_loss"])
def test_a_driver_is_no_weakness(metric):
    """Within a narrow range of the strongest column nothing is left to rank, which is nobody's fault."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        driver = rng.normal(size=6000)
        p = 1 / (1 + np.exp(1.5 - 3 * driver))
        y = (rng.random(6000) < p).astype(float)
        contract = Contract(columns=(ColumnSpec(name="driver", kind=Kind.NUMBER),), rows_seen=6000)
        found = find_slices(get(metric), y, np.column_stack([1 - p, p]), {"driver": driver}, contract)
        assert len(found) == 5 and {s.score.name for s in found} == {"log_loss"}
        assert not any(s.worse for s in found)


def _channels(rng, n):
    """Return values, predictions that are off by much on few rows and by less on many, and the columns that say so."""
    y = rng.normal(size=n)
    few, many = np.arange(n) < 0.02 * n, (np.arange(n) >= 0.02 * n) & (np.arange(n) < 0.42 * n)
    p = (y + rng.normal(size=n) * np.where(few, 3.0, np.where(many, 2.0, 1.0)))[:, None]
    where = np.where(few, 0, np.where(many, 1, 2)).astype(np.int32)
    channel = Strings(where, np.array(["few", "many", "rest"], dtype=object))
    copied = where.copy()
    copied[rng.choice(n, n // 50, replace=False)] = 2  # nearly the same rows under another name
    copy = Strings(copied, np.array(["a few", "a lot", "the rest"], dtype=object))
    specs = tuple(ColumnSpec(name=c, kind=Kind.CATEGORY) for c in ("channel", "copy"))
    return y, p, {"channel": channel, "copy": copy}, Contract(columns=specs, rows_seen=n)


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_slices_are_led_by_what_they_add_to_the_loss(metric):
    y, p, columns, contract = _channels(np.random.default_rng(3), 5000)
    found = [s for s in find_slices(get(metric), y, p, {"channel": columns["channel"]}, contract) if s.worse]
    assert [s.value for s in found] == ["many", "few"] and found[1].gap < found[0].gap < 0
    loss = np.abs(y - p[:, 0]) if metric == "mae" else (y - p[:, 0]) ** 2
    inside = columns["channel"].codes == 1
    wanted = inside.sum() * (loss[inside].mean() - loss[~inside].mean()) / loss.sum()
    assert found[0].added.value == pytest.approx(wanted)
    assert found[0].added.low < wanted < found[0].added.high


def test_parts_that_are_nearly_the_same_rows_are_one_slice():
    y, p, columns, contract = _channels(np.random.default_rng(4), 5000)
    found = find_slices(get("mae"), y, p, columns, contract)
    names = {(s.column, s.value): s.same_rows for s in found}
    assert len(found) == 3 and all(len(others) == 1 for others in names.values())
    pairs = {frozenset((f"{c} = {v}", *others)) for (c, v), others in names.items()}
    assert frozenset(("channel = many", "copy = a lot")) in pairs


def test_nearly_all_rows_are_not_one_slice_by_two_names():
    rng = np.random.default_rng(6)
    y, p = values(rng, 2000)
    columns = {name: (rng.random(2000) < 0.07).astype(float) for name in ("ill", "poor")}
    contract = Contract(columns=tuple(ColumnSpec(name=c, kind=Kind.BOOLEAN) for c in columns), rows_seen=2000)
    found = find_slices(get("mae"), y, p, columns, contract)
    assert len(found) == 4 and not any(s.same_rows for s in found)


def test_what_is_added_to_the_loss_of_classes_is_beyond_what_chances_promise():
    rng = np.random.default_rng(5)
    y, p = binary(rng, 6000)
    flip = rng.random(6000) < 0.2
    y = np.where(flip & (rng.random(6000) < 0.4), 1 - y, y)
    part = Strings(flip.astype(np.int32), np.array(["true", "mixed up"], dtype=object))
    contract = Contract(columns=(ColumnSpec(name="part", kind=Kind.CATEGORY),), rows_seen=6000)
    for metric in ("roc_auc", "accuracy", "brier"):
        first = find_slices(get(metric), y, p, {"part": part}, contract)[0]
        assert first.value == "mixed up" and 0 < first.added.low < first.added.value < 1


def test_of_wide_tables_the_columns_that_go_with_the_loss_are_looked_at(monkeypatch):
    monkeypatch.setattr(slicing, "MOST_COLUMNS", 8)
    rng = np.random.default_rng(1)
    y, p = binary(rng, 4000)
    columns, specs = _table(rng, 4000, 60)
    clean = find_slices(get("roc_auc"), y, p, columns, Contract(columns=tuple(specs), rows_seen=4000))
    assert len({s.column for s in clean}) <= 8 and not any(s.worse for s in clean)
    bad = columns["column 42"] > 1.2
    p[bad] = p[rng.permutation(np.flatnonzero(bad))]
    found = find_slices(get("roc_auc"), y, p, columns, Contract(columns=tuple(specs), rows_seen=4000))
    assert (found[0].column, found[0].worse) == ("column 42", True)
