"""One type for each column of answers, where the parts of a source came with different ones.

A column that is read at once has one type. A stream of a database may give whole numbers first and fractions later: the
column is then one of numbers; and whole numbers first and texts later: then it is one of texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["conformed", "unified", "without_lists"]


def unified(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return the schema that all tables can be brought to; names are the same in all."""
    import pyarrow as pa

    distinct = list(dict.fromkeys(schemas))
    if len(distinct) == 1:
        return distinct[0]
    return pa.schema([(name, _kind({s.field(name).type for s in distinct})) for name in distinct[0].names])


def _kind(kinds: set[pa.DataType]) -> pa.DataType:
    import pyarrow as pa

    kinds = {k for k in kinds if not pa.types.is_null(k)}
    if not kinds:
        return pa.null()
    if len(kinds) == 1:
        return kinds.pop()
    if all(pa.types.is_integer(k) or pa.types.is_floating(k) for k in kinds):
        fields = [pa.schema([("x", k)]) for k in sorted(kinds, key=str)]
        return pa.unify_schemas(fields, promote_options="permissive").field("x").type
    return pa.string()


def conformed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table with the types of the schema."""
    import pyarrow as pa

    from modelwright.data.canonical import raw_strings

    if table.schema.equals(schema):
        return table
    columns = []
    for field in schema:
        column = table.column(field.name)
        if pa.types.is_string(field.type) and not pa.types.is_string(column.type):
            texts = raw_strings(table, [field.name])[field.name]
            column = pa.chunked_array([pa.array(texts.tolist(), pa.string())])
        columns.append(column.cast(field.type))
    return pa.table(columns, schema=schema)


def without_lists(schema: pa.Schema) -> pa.Schema:
    """Return the schema with texts in the place of lists: `conformed` makes JSON of them."""
    import pyarrow as pa

    return pa.schema([(f.name, pa.string() if pa.types.is_list(f.type) else f.type) for f in schema])
