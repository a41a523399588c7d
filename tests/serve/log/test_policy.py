"""The policy: its bounds, and that what is masked or hashed is in no file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from modelwright.data.canonical import read_column
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.errors import UsageError
from modelwright.serve.log import LogPolicy, Mode, PredictionLog, Protection, compact, read_log
from modelwright.serve.log.lines import prediction_header, read_header
from modelwright.serve.log.rows import Hasher
from tests.serve.log.conftest import KEY, RECORD, bytes_of, put

Make = Callable[..., PredictionLog]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"mode": "sometimes"}, "MW-U650"),
        ({"mode": "fulll"}, "did you mean 'full'"),
        ({"share": 0.0}, "mode 'off'"),
        ({"share": 1.5}, "MW-U651"),
        ({"share": float("nan")}, "MW-U651"),
        ({"rotate_bytes": 10}, "MW-U651"),
        ({"rotate_seconds": 0.5}, "MW-U651"),
        ({"keep_days": -1}, "MW-U651"),
        ({"keep_days": "30"}, "MW-U651"),
        ({"keep_bytes": True}, "MW-U651"),
        ({"buffer_bytes": 1 << 40}, "MW-U651"),
        ({"masked": ("a",), "hashed": ("a",)}, "MW-U652"),
        ({"kept": ("a", "a")}, "MW-U652"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageError, match=code):
        LogPolicy(**given)


def test_modes_may_be_given_as_text() -> None:
    assert LogPolicy(mode="sampled").mode is Mode.SAMPLED  # type: ignore[arg-type]


def test_every_column_is_in_one_part(contract: Contract) -> None:
    parts = Protection.of(LogPolicy(masked=("age",), hashed=("E-Mail",), kept=("remarks",)), contract)
    own = Protection(
        plain=("job", "joined", "loyal", "remarks"), masked=("age",), hashed=("E-Mail",), kept=("remarks",)
    )
    assert parts == own


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("arrow", [False, True])
def test_masked_and_hashed_values_are_in_no_file(make_log: Make, many: bool, arrow: bool) -> None:
    log = make_log(hashed=("job",))
    records = [RECORD] * (3 if many else 1)
    table = pa.Table.from_pylist(records) if arrow else None
    answers = {"prediction": ["a"] * len(records)}
    put(log, records=None if arrow else records, columns=table, answers=answers)
    log.close()
    for _ in range(2):  # the segment, then the Parquet file
        held = bytes_of(log.folder)
        for secret in (b"ada@example.org", b"example", b"spoke to Ada", b"nurse"):
            assert secret not in held
        inputs = read_log(log.folder).column("inputs").to_pylist()
        assert [(i["E-Mail"], i["remarks"]) for i in inputs] == [(None, None)] * len(records)
        assert {i["job"] for i in inputs} == {Hasher(KEY, "job")("nurse")}
        assert inputs[0]["age"] == 41.0
        compact(log.folder)


def test_parquet_is_not_compressed_proof(make_log: Make) -> None:
    """Grepping a Parquet file proves something: plain values of the same row are found as they are read."""
    log = make_log(kept=("E-Mail",))
    put(log)
    log.close()
    assert b"ada@example.org" in bytes_of(log.folder)
    compact(log.folder)
    assert read_log(log.folder).column("inputs").to_pylist()[0]["E-Mail"] == "ada@example.org"
    assert b"spoke to Ada" not in str(read_log(log.folder).to_pylist()).encode()


def test_the_header_holds_nothing_of_the_training_data(make_log: Make) -> None:
    log = make_log()
    put(log, {})
    log.flush()
    (path,) = [p for p in log.folder.iterdir() if p.suffix == ".jsonl"]
    header = msgspec.json.decode(path.read_bytes().splitlines()[0])
    assert b"clerk" not in bytes_of(log.folder)
    assert header["masked"] == ["E-Mail", "remarks"]
    assert [c["name"] for c in header["columns"]] == ["age", "job", "joined", "loyal"]


def test_another_spelling_of_a_level_is_left_to_who_reads_the_log() -> None:
    """The header has not the levels that tell which one is meant: here one of its own would become another."""
    state = ColumnSpec(
        name="state", kind=Kind.CATEGORY, levels=("NY", "n.y."), same_levels=(("N.Y.", "NY"),), forgiving=True
    )
    contract = Contract(columns=(state,), rows_seen=9)
    header = read_header(prediction_header(contract, Protection(plain=("state",), masked=(), hashed=())))
    assert header is not None
    sent = ["n.y.", "N.Y.", "ny"]
    logged = read_column(sent, header.columns[0]).column.to_object().tolist()
    assert logged == ["n.y.", "NY", "ny"]
    read = [read_column(values, state).column.to_object().tolist() for values in (sent, logged)]
    assert read == [["n.y.", "NY", "NY"]] * 2


def test_equal_people_stay_equal_and_nobody_can_be_read() -> None:
    hash_of = Hasher(KEY, "customer")
    assert hash_of("42") == hash_of(42) == hash_of(42.0) == hash_of(" 42 ")
    assert hash_of("42") != hash_of("43")
    assert hash_of("42") != Hasher(KEY, "client")("42")
    assert hash_of("42") != Hasher(KEY[::-1], "customer")("42")
    assert hash_of(None) is hash_of("NA") is hash_of(float("nan")) is None
    assert len(hash_of("\ud800") or "") == 32


def test_what_was_masked_is_told_with_the_table(make_log: Make, tmp_path: Path) -> None:
    log = make_log(hashed=("job",))
    put(log)
    log.close()
    for _ in range(2):
        facts = msgspec.json.decode(read_log(log.folder).schema.metadata[b"modelwright.log"])
        assert facts == {"masked": ["E-Mail", "remarks"], "hashed": ["job"]}
        compact(log.folder)
