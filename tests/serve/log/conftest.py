"""A small contract, a record that keeps to it, and a log that is fed by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.serve.log import LogPolicy, PredictionLog

NOON = 1_769_947_200.0  # 2026-02-01 12:00 UTC
KEY = b"0123456789abcdef0123456789abcdef"


def small_contract() -> Contract:
    """Return a contract with a column of most kinds and two that look personal."""
    return Contract(
        columns=(
            ColumnSpec(name="age", kind=Kind.NUMBER, missing_numbers=(-999.0,)),
            ColumnSpec(
                name="job", kind=Kind.CATEGORY, levels=("clerk", "nurse"), n_levels=2, missing_tokens=("unknown",)
            ),
            ColumnSpec(name="joined", kind=Kind.DATETIME, formats=("%d/%m/%Y",)),
            ColumnSpec(name="loyal", kind=Kind.BOOLEAN, true_tokens=("yes",), false_tokens=("no",)),
            ColumnSpec(name="E-Mail", kind=Kind.CATEGORY, n_levels=900),
            ColumnSpec(name="remarks", kind=Kind.TEXT, n_levels=900),
        ),
        rows_seen=1000,
    )


RECORD: dict[str, Any] = {
    "age": 41,
    "job": "nurse",
    "joined": "02/01/2020",
    "loyal": "yes",
    "E-Mail": "ada@example.org",
    "remarks": "spoke to Ada",
}
ANSWERS: dict[str, list[Any]] = {"prediction": ["yes"], "probability_no": [0.25], "probability_yes": [0.75]}


@pytest.fixture
def contract() -> Contract:
    return small_contract()


@pytest.fixture
def make_log(tmp_path: Path, contract: Contract) -> Callable[..., PredictionLog]:
    """Return a function that opens a log in ``tmp_path / "log"``."""

    def make(contract: Contract = contract, worker: int = 0, **policy: Any) -> PredictionLog:
        return PredictionLog(tmp_path / "log", contract, LogPolicy(**policy), worker=worker, key=KEY)

    return make


def put(log: PredictionLog, record: Any = None, *, request_id: str = "r1", **more: Any) -> None:
    """Record one row, with what the test does not say filled in."""
    given: dict[str, Any] = {
        "route": "/predict", "version": "3", "role": "champion", "received": NOON, "seconds": 0.002,
        "records": [RECORD if record is None else record], "columns": None, "answers": ANSWERS,
    }  # fmt: skip
    log.record(request_id=request_id, **{**given, **more})


def bytes_of(folder: Path) -> bytes:
    """Return everything that the files of a folder hold."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
