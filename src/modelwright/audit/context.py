"""What the rules look at: canonical columns and the target, on a sample of the rows where there are many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.data.columns import Columns, n_rows, take

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.brief import Brief
    from modelwright.data.contract import Contract
    from modelwright.data.profile import Profile

__all__ = ["MAX_ROWS", "RawTexts", "make_context"]

# With 50,000 rows a share of 1 % is known to within 0.1 percentage points (95 %); more rows change no judgement.
MAX_ROWS = 50_000


def make_context(
    *,
    table: pa.Table,
    columns: Columns,
    contract: Contract,
    profile: Profile,
    brief: Brief,
    y: np.ndarray | None,
    classes: tuple[str, ...],
    test: Columns | None,
    seed: int,
) -> AuditContext:
    """Return the context of an audit, over at most `MAX_ROWS` rows in the order of the source.

    Parameters
    ----------
    table : pyarrow.Table
        The raw table; its text columns become ``raw``.
    columns : Columns
        All of its rows in canonical form, target included.
    y : ndarray of float, shape (n_rows,), or None
        Encoded target, NaN where missing.
    classes : tuple of str
        Class names by number; empty for regression.
    test : Columns or None
        Canonical columns of the separate test table.
    seed : int
        Draws the sample and seeds the generator that rules use.
    """
    from modelwright.data.sampling import sample_rows

    total = n_rows(columns)
    rng = np.random.default_rng(seed)
    rows = sample_rows(total, MAX_ROWS, rng)
    if len(rows) < total:
        columns = take(columns, rows)
        table = table.take(rows)
        y = None if y is None else y[rows]
    if test is not None and n_rows(test) > MAX_ROWS:
        test = take(test, sample_rows(n_rows(test), MAX_ROWS, rng))
    return AuditContext(
        brief=brief,
        contract=contract,
        profile=profile,
        columns=columns,
        raw=RawTexts(table),
        target=brief.target,
        y=y,
        classes=classes,
        test=test,
        row_numbers=rows,
        n_rows=total,
        rng=rng,
    )


class RawTexts(Mapping[str, np.ndarray]):
    """The text columns of a raw table as object arrays of str or None, made when they are asked for.

    Few rules ask, for one column after the other; all columns of a wide table at once would be the largest thing that
    a run holds.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table, self._names = table, dict.fromkeys(_text_columns(table))

    def __getitem__(self, name: str) -> np.ndarray:
        from modelwright.data.canonical import raw_strings

        if name not in self._names:
            raise KeyError(name)
        return raw_strings(self._table, [name])[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names


def _text_columns(table: pa.Table) -> list[str]:
    import pyarrow as pa

    def is_text(kind: pa.DataType) -> bool:
        inner = kind.value_type if pa.types.is_dictionary(kind) else kind
        return pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_string_view(inner)

    return [f.name for f in table.schema if is_text(f.type)]
