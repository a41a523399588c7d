"""What is recorded, what is not, and that nothing in a request can break the server."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.canonical import read_column
from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.errors import ProjectError, UsageError
from modelwright.serve.log import LogPolicy, PredictionLog, read_feedback, read_log
from modelwright.serve.log.rows import TEXT_LIMIT
from tests.serve.log.conftest import ANSWERS, KEY, NOON, RECORD, bytes_of, put, small_contract

Make = Callable[..., PredictionLog]


def rows_of(log: PredictionLog) -> list[dict[str, Any]]:
    log.flush()
    return read_log(log.folder).to_pylist()


def test_a_row_comes_back_as_it_was_scored(make_log: Make) -> None:
    log = make_log(kept=("E-Mail", "remarks"))
    put(log)
    (row,) = rows_of(log)
    assert row["time"].timestamp() == NOON
    assert (row["request_id"], row["row"], row["route"], row["version"]) == ("r1", 0, "/predict", "3")
    assert (row["role"], row["seconds"]) == ("champion", 0.002)
    assert row["inputs"] == {
        "age": 41.0, "job": "nurse", "joined": 1577923200.0, "loyal": 1.0,
        "E-Mail": "ada@example.org", "remarks": "spoke to Ada",
    }  # fmt: skip
    assert row["answers"] == {"prediction": "yes", "probability_no": 0.25, "probability_yes": 0.75}
    assert row["unreadable"] == []
    assert (log.counters.written, log.counters.dropped, log.counters.failed) == (1, 0, 0)


@pytest.mark.parametrize("record", [RECORD, {"AGE ": 7, "job": "\ud800"}, {}, None, 7])
@pytest.mark.parametrize("policy", [{}, {"kept": ("E-Mail", "remarks"), "hashed": ("job",)}, {"mode": "off"}])
def test_one_record_is_kept_as_a_request_of_one_row_is(make_log: Make, record: Any, policy: dict[str, Any]) -> None:
    log = make_log(**policy)
    put(log, records=[record])
    log.record_one(
        request_id="r1", route="/predict", version="3", role="champion", received=NOON, seconds=0.002,
        record=record, answer={name: given[0] for name, given in ANSWERS.items()},
    )  # fmt: skip
    log.flush()
    rows = read_log(log.folder).to_pylist() if log.folder.exists() else []
    assert rows[: len(rows) // 2] == rows[len(rows) // 2 :] and len(rows) % 2 == 0
    assert log.counters.dropped == (2 if not isinstance(record, dict) and log.policy.mode != "off" else 0)


def test_missing_is_missing_however_it_is_spelled(make_log: Make) -> None:
    log = make_log()
    put(log, {"age": -999, "job": "unknown", "joined": None, "loyal": math.nan})
    put(log, {"age": "NA", "loyal": ""})
    for row in rows_of(log):
        assert set(row["inputs"].values()) == {None}
        assert row["unreadable"] == []


def test_values_that_are_not_of_their_kind_are_named(make_log: Make) -> None:
    log = make_log()
    for number in range(6):
        put(log, {**RECORD, "age": "forty", "loyal": ["no"]} if number else RECORD)
    first, *others = rows_of(log)
    assert first["unreadable"] == []
    assert all(row["unreadable"] == ["age", "loyal"] and row["inputs"]["age"] is None for row in others)


def test_columns_that_the_contract_lacks_are_not_kept(make_log: Make) -> None:
    log = make_log()
    put(log, {**RECORD, "secret": "s3cr3t"})
    log.flush()
    assert b"s3cr3t" not in bytes_of(log.folder) and b"secret" not in bytes_of(log.folder)


def test_names_are_forgiven_as_in_scoring(make_log: Make) -> None:
    log = make_log()
    put(log, {" AGE ": 7, "Job": "clerk", "joined": None, "loyal": "no"})
    (row,) = rows_of(log)
    assert (row["inputs"]["age"], row["inputs"]["job"]) == (7.0, "clerk")


def test_a_respelled_personal_column_stays_masked(make_log: Make) -> None:
    log = make_log()
    put(log, {**{k: v for k, v in RECORD.items() if k != "E-Mail"}, "e-mail ": "ada@example.org"})
    log.flush()
    assert b"ada@example.org" not in bytes_of(log.folder)


@pytest.mark.parametrize("form", ["records", "lists", "arrays", "arrow"])
def test_requests_of_many_rows(make_log: Make, form: str) -> None:
    log = make_log()
    ages, jobs = [1, 2, 3], ["clerk", None, "nurse"]
    records, columns = None, None
    if form == "records":
        records = [{"age": a, "job": j} for a, j in zip(ages, jobs, strict=True)]
    elif form == "lists":
        columns = {"age": ages, "job": jobs, "other": [1, 2, 3]}
    elif form == "arrays":
        columns = {"age": np.array(ages), "job": np.array(jobs, dtype=object)}
    else:
        columns = pa.table({"age": ages, "job": jobs})
    put(log, records=records, columns=columns, answers={"prediction": np.array([0.5, 1.5, 2.5])})
    rows = rows_of(log)
    assert [r["row"] for r in rows] == [0, 1, 2]
    assert [r["inputs"]["age"] for r in rows] == [1.0, 2.0, 3.0]
    assert [r["inputs"]["job"] for r in rows] == jobs
    assert [r["answers"]["prediction"] for r in rows] == [0.5, 1.5, 2.5]


def test_arrow_columns_mean_the_same_as_in_scoring(tmp_path: Path) -> None:
    import datetime as dt
    from decimal import Decimal

    specs = {
        "moment": (
            ColumnSpec(name="moment", kind=Kind.DATETIME, formats=("%d/%m/%Y",)),
            [dt.datetime(2020, 1, 2, 3, 4, 5, 678901)],
        ),
        "day": (ColumnSpec(name="day", kind=Kind.DATETIME, formats=("%d/%m/%Y",)), [dt.date(2020, 2, 1)]),
        "span": (ColumnSpec(name="span", kind=Kind.DURATION), [dt.timedelta(days=-1, seconds=5, microseconds=7)]),
        "price": (ColumnSpec(name="price", kind=Kind.NUMBER, decimal=",", thousands="."), [Decimal("1.234")]),
        "raw": (ColumnSpec(name="raw", kind=Kind.CATEGORY), [b"caf\xc3\xa9"]),
    }
    table = pa.table({name: values for name, (_, values) in specs.items()})
    contract = Contract(columns=tuple(spec for spec, _ in specs.values()), rows_seen=1)
    log = PredictionLog(tmp_path, contract, LogPolicy())
    put(log, records=None, columns=table, answers={"prediction": [1.0]})
    (row,) = rows_of(log)
    for name, (spec, _) in specs.items():
        column = read_column(table.column(name), spec).column
        wanted = column.to_object()[0] if isinstance(column, Strings) else column[0]
        assert row["inputs"][name] == wanted, name


HOSTILE = [
    "\ud800 lone surrogate", "x" * 1_000_000, math.inf, -math.inf, math.nan, 10**30, 10**400, -(2**63) - 1,
    "\x00\n\r\u2028",
    {"a": {"b": [1, {"c": None}]}}, [[[]]], {(1, 2): 3}, {1, 2}, object(), b"\xff\xfe", 1j,
    np.float32(0.5), np.int64(7),
    np.datetime64("NaT"), "=cmd|' /C calc'!A0", "'; drop table log; --", "\u202etxt", "NaN", "1e999", True,
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=lambda v: f"{type(v).__name__} {str(v)[:8]!a}")
@pytest.mark.parametrize("many", [False, True])
def test_hostile_values_are_kept_or_counted(make_log: Make, value: Any, many: bool) -> None:
    log = make_log(kept=("E-Mail", "remarks"))
    record = dict.fromkeys(RECORD, value)
    put(log, RECORD)
    put(log, records=[record] * (2 if many else 1), answers={"prediction": ["a"] * (2 if many else 1)})
    put(log, RECORD)
    log.flush()
    rows = read_log(log.folder)
    assert rows.num_rows == log.counters.written
    assert log.counters.written + log.counters.dropped == (4 if many else 3)
    assert rows.num_rows == (4 if many else 3), "a row that was scored is worth a line, whatever it holds"
    longest = max(len(line) for line in bytes_of(log.folder).splitlines())
    assert longest < len(RECORD) * (4 * TEXT_LIMIT + 100)


def test_deep_nesting_is_kept_in_bounds(make_log: Make) -> None:
    log = make_log(kept=("remarks",))
    value: Any = "deep"
    for _ in range(100_000):
        value = [value]
    put(log, {**RECORD, "remarks": value})
    put(log, {**RECORD, "remarks": {"k": "v" * 100_000}})
    one, two = rows_of(log)
    assert one["inputs"]["remarks"] == "list"
    assert len(two["inputs"]["remarks"]) == TEXT_LIMIT


@pytest.mark.parametrize(
    "wrong",
    [
        {"records": [None]},
        {"records": ["text"]},
        {"records": []},
        {"records": None, "columns": None},
        {"records": None, "columns": {"age": [1, 2], "job": ["a"]}, "answers": {"prediction": [1, 2]}},
        {"records": None, "columns": {"age": [1]}, "answers": {"prediction": [1, 2]}},
        {"answers": {"prediction": []}},
        {"records": [RECORD, 7], "answers": {"prediction": [1, 2]}},
        {"records": [RECORD, RECORD], "answers": {"prediction": [1]}},
        {"answers": {"\ud800": ["\ud800"]}},
        {"route": "\ud800"},
        {"request_id": "\ud800"},
        {"request_id": "x" * 10_000},
        {"received": math.nan},
        {"received": math.inf},
        {"received": 1e300},
        {"seconds": math.nan},
    ],
)
def test_a_call_never_raises(make_log: Make, wrong: dict[str, Any]) -> None:
    log = make_log()
    put(log, **wrong)
    put(log, request_id="good")
    assert any(row["request_id"] == "good" for row in rows_of(log))
    assert all(len(row["request_id"]) <= 200 for row in rows_of(log))


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30),
    st.sampled_from(["yes", "no", "02/01/2020", "1,5", "NA", " nurse ", "unknown", -999, "2020-01-02T03:04:05"]),
    st.lists(st.integers(), max_size=3),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(RECORD, VALUES)), min_size=1, max_size=4))
def test_what_is_read_is_what_was_scored(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    """Any value: the log gives the canonical value that the contract gives, row by row."""
    contract = small_contract()
    log = PredictionLog(tmp_path_factory.mktemp("log"), contract, LogPolicy(kept=("E-Mail", "remarks")), key=KEY)
    put(log, records=records, answers={"prediction": [0.5] * len(records)})
    rows = rows_of(log)
    assert len(rows) == len(records)
    for spec in contract.columns:
        for record, row in zip(records, rows, strict=True):
            value = record[spec.name]
            if isinstance(value, int) and abs(value) > 2**1000:
                continue
            if isinstance(value, float) and math.isinf(value):
                value = None  # JSON has no infinity
            reading = read_column([value], spec)
            wanted = reading.column.to_object()[0] if isinstance(reading.column, Strings) else reading.column[0]
            got = row["inputs"][spec.name]
            assert got == wanted or (got is None and wanted != wanted), (spec.name, value)
            assert (spec.name in row["unreadable"]) == bool(reading.n_unreadable)


# --- which requests -------------------------------------------------------------------------------------------------


def test_off_keeps_nothing(make_log: Make) -> None:
    log = make_log(mode="off")
    put(log)
    assert log.feedback("r1", 0, "yes", NOON) is False
    log.flush()
    log.close()
    assert not log.folder.exists()


def test_a_sample_is_reproducible_and_of_the_right_size(make_log: Make) -> None:
    log, again = make_log(mode="sampled", share=0.25), make_log(mode="sampled", share=0.25, worker=1)
    ids = [f"request-{n}" for n in range(4000)]
    kept = [log.keeps(i) for i in ids]
    assert kept == [again.keeps(i) for i in ids]
    assert 900 < sum(kept) < 1100
    for request_id in ids[:200]:
        put(log, request_id=request_id)
    log.flush()
    assert set(read_log(log.folder).column("request_id").to_pylist()) == {i for i in ids[:200] if log.keeps(i)}


def test_a_caller_cannot_choose_ids_that_escape_the_sample(tmp_path: Path, contract: Contract) -> None:
    policy = LogPolicy(mode="sampled", share=0.5)
    one = PredictionLog(tmp_path, contract, policy, key=KEY)
    two = PredictionLog(tmp_path, contract, policy, key=KEY[::-1])
    assert [one.keeps(str(n)) for n in range(64)] != [two.keeps(str(n)) for n in range(64)]


# --- feedback -------------------------------------------------------------------------------------------------------


def test_labels_come_back_as_text_and_number(make_log: Make) -> None:
    log = make_log()
    for number, label in enumerate(["yes", 1, 1.5, True, None, "\ud800", ["x"], "y" * 10_000]):
        assert log.feedback("r1", number, label, NOON + number)
    log.flush()
    labels = read_feedback(log.folder)
    assert labels.column("row").to_pylist() == list(range(8))
    assert labels.column("number").to_pylist() == [None, 1.0, 1.5, None, None, None, None, None]
    assert labels.column("label").to_pylist()[:7] == ["yes", "1", "1.5", "True", None, "?", '["x"]']
    assert len(labels.column("label").to_pylist()[7]) == TEXT_LIMIT
    assert log.feedback_counters.written == 8


@pytest.mark.parametrize("row", [-1, 2**31])
def test_rows_that_cannot_be_are_refused(make_log: Make, row: int) -> None:
    assert make_log().feedback("r1", row, 1, NOON) is False


# --- other versions -------------------------------------------------------------------------------------------------


def test_another_version_brings_its_own_columns(make_log: Make, contract: Contract) -> None:
    log = make_log()
    put(log)
    log.use(
        Contract(
            columns=(ColumnSpec(name="age", kind=Kind.CATEGORY), ColumnSpec(name="new", kind=Kind.NUMBER)), rows_seen=1
        )
    )
    put(log, {"age": "old", "new": 1}, version="4", answers={"prediction": [0.5]})
    assert log.flush() is True
    old, new = rows_of(log)
    assert (old["inputs"]["age"], old["inputs"]["job"], old["inputs"]["new"]) == ("41", "nurse", None)
    assert (new["inputs"]["age"], new["inputs"]["job"], new["inputs"]["new"]) == ("old", None, 1.0)
    assert (old["answers"]["prediction"], new["answers"]["prediction"]) == ("yes", "0.5")
    assert read_log(log.folder, version="4").num_rows == 1


# --- refusals -------------------------------------------------------------------------------------------------------


def test_a_column_that_is_not_there_is_refused(tmp_path: Path, contract: Contract) -> None:
    with pytest.raises(UsageError, match=r"column 'jbo'.*did you mean 'job'\? · MW-U654"):
        PredictionLog(tmp_path, contract, LogPolicy(masked=("jbo",)))


def test_hashing_needs_a_key(tmp_path: Path, contract: Contract) -> None:
    with pytest.raises(UsageError, match=r"at least 16 bytes, this one has 5.*MW-U653"):
        PredictionLog(tmp_path, contract, LogPolicy(hashed=("job",)), key=b"short")


def test_a_folder_that_cannot_be_made_is_told_at_the_start(tmp_path: Path, contract: Contract) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError, match=r"cannot be used.*MW-P650"):
        PredictionLog(tmp_path / "file" / "log", contract, LogPolicy())


def test_a_file_system_without_locks_is_told_at_the_start(
    tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(fd: int, how: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("modelwright.serve.log.segments.fcntl.flock", none)
    with pytest.raises(ProjectError, match=r"Operation not supported.*MW-P650"):
        PredictionLog(tmp_path / "log", contract, LogPolicy())
    assert list((tmp_path / "log").iterdir()) == []


def test_the_log_is_the_owners_alone(make_log: Make) -> None:
    log = make_log()
    put(log)
    log.flush()
    assert log.folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in log.folder.iterdir())


def test_the_hot_side_imports_no_heavy_library() -> None:
    code = (
        "import sys, modelwright.serve.log as log; log.PredictionLog; log.Compactor; log.expire; log.read_log\n"
        "print([m for m in ('pyarrow', 'pandas', 'sklearn', 'scipy', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
