"""What monitoring reads: everything once, at any time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from modelwright.errors import ProjectError
from modelwright.serve.log import (
    PredictionLog,
    compact,
    iter_log,
    read_feedback,
    read_labelled,
    read_log,
    reading,
)
from modelwright.serve.log.reading import latest_labels, newest_feedback
from modelwright.serve.log.segments import PARQUET, SEGMENT, log_files
from tests.serve.log.conftest import ANSWERS, NOON, RECORD, put

Make = Callable[..., PredictionLog]
AT_NOON = datetime.fromtimestamp(NOON, UTC)


def numbers(table: pa.Table) -> list[int]:
    return [int(i) for i in table.column("request_id").to_pylist()]


def test_an_empty_log_has_the_columns_of_any(tmp_path: Path, make_log: Make) -> None:
    nothing = read_log(tmp_path / "nowhere")
    assert nothing.num_rows == 0
    assert nothing.column_names == [
        "time", "request_id", "row", "route", "version", "role", "seconds", "unreadable",
    ]  # fmt: skip
    assert read_feedback(tmp_path / "nowhere").column_names == ["time", "request_id", "row", "label", "number"]
    assert read_labelled(tmp_path / "nowhere").num_rows == 0


def test_parquet_and_open_segments_are_one_log(make_log: Make) -> None:
    log = make_log()
    for number in range(3):
        put(log, request_id=str(number))
        log.flush()
        log.use(log_contract(number))
        compact(log.folder)
    put(log, request_id="3")
    log.flush()
    assert len(log_files(log.folder, PARQUET)) >= 2 and len(log_files(log.folder, SEGMENT)) == 1
    assert numbers(read_log(log.folder)) == [0, 1, 2, 3]
    assert [numbers(t) for t in iter_log(log.folder)] == [[0], [1], [2], [3]]


def log_contract(number: int) -> object:
    """Return a contract that differs by number, so that a new segment begins."""
    from dataclasses import replace

    from tests.serve.log.conftest import small_contract

    contract = small_contract()
    return replace(
        contract, columns=(replace(contract.columns[0], missing_numbers=(-1.0 - number,)), *contract.columns[1:])
    )


def test_times_and_versions(make_log: Make) -> None:
    log = make_log()
    for hour in range(6):
        put(log, request_id=str(hour), received=NOON + 3600 * hour, version=str(hour % 2))
    log.flush(NOON)
    log.close()

    def found(since: int | None = None, until: int | None = None, version: str | None = None) -> list[int]:
        moments = [None if h is None else AT_NOON + timedelta(hours=h) for h in (since, until)]
        return numbers(read_log(log.folder, since=moments[0], until=moments[1], version=version))

    for _ in range(2):
        assert found() == [0, 1, 2, 3, 4, 5]
        assert found(since=2) == [2, 3, 4, 5]
        assert found(until=2) == [0, 1]
        assert found(since=1, until=4, version="1") == [1, 3]
        assert found(since=100) == found(until=-100) == []
        naive = read_log(log.folder, since=datetime(2026, 2, 1, 16))
        assert numbers(naive) == [4, 5]
        compact(log.folder)


def test_compaction_between_listing_and_reading(make_log: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    log = make_log()
    put(log, request_id="1")
    log.close()
    listed = reading._listed

    def slow(folder: Path, stream: str) -> object:
        files = listed(folder, stream)
        compact(folder)
        return files

    monkeypatch.setattr(reading, "_listed", slow)
    assert numbers(read_log(log.folder)) == [1]


def test_expiry_between_listing_and_reading(make_log: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    log = make_log()
    put(log)
    log.close()
    listed = reading._listed

    def slow(folder: Path, stream: str) -> object:
        files = listed(folder, stream)
        for path in folder.iterdir():
            path.unlink()
        return files

    monkeypatch.setattr(reading, "_listed", slow)
    assert read_log(log.folder).num_rows == 0


def test_reading_while_it_is_written_and_compacted(make_log: Make) -> None:
    """Every reading is a gapless beginning of what is written, and never shrinks."""
    log = make_log(rotate_bytes=1 << 13)
    stop = threading.Event()

    def compacting() -> None:
        while not stop.is_set():
            compact(log.folder)

    worker = threading.Thread(target=compacting)
    worker.start()
    try:
        seen = 0
        for number in range(400):
            put(log, request_id=str(number))
            log.flush()
            if number % 10 == 0:
                found = sorted(numbers(read_log(log.folder)))
                assert found == list(range(number + 1))
                assert len(found) > seen
                seen = len(found)
    finally:
        stop.set()
        worker.join()


def test_a_row_being_written_is_not_there_yet(make_log: Make) -> None:
    log = make_log()
    put(log, request_id="1")
    log.flush()
    (file,) = log_files(log.folder, SEGMENT)
    with open(file.path, "ab") as handle:
        handle.write(b'[1769947200.0,"2",0,"/pre')
    assert numbers(read_log(log.folder)) == [1]


def test_a_damaged_parquet_file_is_named(make_log: Make) -> None:
    log = make_log()
    put(log)
    log.close()
    compact(log.folder)
    (file,) = log_files(log.folder, PARQUET)
    file.path.write_bytes(file.path.read_bytes()[:-30])
    with pytest.raises(ProjectError, match=rf"'{file.path}'.*cannot be read.*MW-P653"):
        read_log(log.folder)


def test_labels_find_their_predictions(make_log: Make) -> None:
    log = make_log()
    put(log, records=[RECORD] * 3, answers={"prediction": ["a", "b", "c"]}, request_id="r")
    put(log, request_id="r", role="shadow", version="4", answers=ANSWERS)
    put(log, request_id="other")
    log.feedback("r", 1, "no", NOON + 10)
    log.feedback("r", 1, "yes", NOON + 20)
    log.feedback("r", 0, 1.5, NOON + 5)
    log.feedback("unknown", 0, "x", NOON)
    log.close()
    for _ in range(2):
        found = read_labelled(log.folder).to_pylist()
        assert [(r["request_id"], r["row"], r["role"], r["label"], r["number"]) for r in found] == [
            ("r", 0, "champion", "1.5", 1.5),
            ("r", 1, "champion", "yes", None),
            ("r", 0, "shadow", "1.5", 1.5),
        ]
        assert found[1]["labelled"] == AT_NOON + timedelta(seconds=20)
        assert found[1]["inputs"]["job"] == "nurse"
        assert read_labelled(log.folder, version="4").num_rows == 1
        compact(log.folder)


def test_labels_that_arrive_out_of_order(make_log: Make) -> None:
    log = make_log()
    put(log, request_id="r")
    log.feedback("r", 0, "late", NOON + 20)
    log.feedback("r", 0, "early", NOON + 10)
    log.feedback("r", 0, "corrected", NOON + 20)
    log.flush()
    assert read_labelled(log.folder).column("label").to_pylist() == ["corrected"]


def test_the_newest_labels_of_many(make_log: Make) -> None:
    log = make_log()
    for number in range(20):
        log.feedback("r", number % 10, number, NOON + number)
        if number % 3 == 0:
            log.flush()
            log.close()
            log = make_log()
    log.feedback("r", 3, "early", NOON)
    log.close()
    assert newest_feedback(log.folder, most=5).column("number").to_pylist() == [15, 16, 17, 18, 19]
    assert newest_feedback(log.folder, most=100).equals(read_feedback(log.folder))
    assert newest_feedback(log.folder, since=AT_NOON + timedelta(seconds=18), most=5).num_rows == 2
    latest = latest_labels(newest_feedback(log.folder, most=100))
    assert sorted(latest.column("number").to_pylist()) == list(range(10, 20)), "of two for a row the later"


def test_rows_without_a_label_are_not_held(make_log: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    log = make_log()
    for number in range(30):
        put(log, request_id=f"r{number}")
        if number % 10 == 0:
            log.feedback(f"r{number}", 0, "yes", NOON + 10)
            log.close()
            log = make_log()
    log.close()
    held = []
    together = reading.concatenated
    monkeypatch.setattr(reading, "concatenated", lambda t, s: held.append(sum(x.num_rows for x in t)) or together(t, s))
    assert read_labelled(log.folder).column("request_id").to_pylist() == ["r0", "r10", "r20"]
    assert max(held) == 3
