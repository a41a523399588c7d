"""The context: sampling and raw texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from modelwright.audit import context as module
from modelwright.audit.context import make_context
from modelwright.brief import Brief
from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import Profile


def _parts(n: int) -> tuple[pa.Table, Columns, Contract]:
    texts = [None if i % 7 == 0 else f"t{i % 3}" for i in range(n)]
    table = pa.table({"text": pa.array(texts), "number": np.arange(n, dtype=float)})
    columns: Columns = {"text": Strings.from_values(texts), "number": np.arange(n, dtype=float)}
    kinds = {"text": Kind.CATEGORY, "number": Kind.NUMBER}
    return table, columns, Contract(columns=tuple(ColumnSpec(name=k, kind=v) for k, v in kinds.items()), rows_seen=n)


def _make(n: int, seed: int = 0, test: int = 0) -> module.AuditContext:
    table, columns, contract = _parts(n)
    return make_context(
        table=table,
        columns=columns,
        contract=contract,
        profile=Profile(n_rows=n, columns=()),
        brief=Brief(target="number"),
        y=np.arange(n, dtype=float),
        classes=(),
        test=_parts(test)[1] if test else None,
        seed=seed,
    )


def test_small_tables_are_taken_whole() -> None:
    context = _make(30)
    assert context.row_numbers.tolist() == list(range(30)) and context.n_rows == 30
    assert set(context.raw) == {"text"} and context.raw["text"][0] is None and context.raw["text"][1] == "t1"


def test_large_tables_are_sampled_in_order_and_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ROWS", 50)
    context = _make(400, test=300)
    rows = context.row_numbers
    assert len(rows) == 50 and np.all(np.diff(rows) > 0) and context.n_rows == 400
    assert context.y is not None and np.array_equal(context.y, rows)
    assert np.array_equal(context.columns["number"], rows)
    assert [context.raw["text"][i] for i in range(50)] == [None if r % 7 == 0 else f"t{r % 3}" for r in rows]
    assert context.test is not None and len(context.test["number"]) == 50
    assert np.array_equal(_make(400).row_numbers, rows)
    assert not np.array_equal(_make(400, seed=1).row_numbers, rows)


def test_raw_texts_are_made_when_they_are_asked_for() -> None:
    context = _make(30)
    assert "number" not in context.raw and len(context.raw) == 1 and context.raw.get("number") is None
    assert context.raw["text"].tolist() == context.raw["text"].tolist()
    assert context.raw["text"] is not context.raw["text"]
    with pytest.raises(KeyError):
        context.raw["number"]
