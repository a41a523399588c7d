"""One type for each column of answers, where the parts of a source came with different ones.

A column that is read at once has one type. A stream of a database may give whole numbers first and fractions later: the
column is then one of numbers; and whole numbers first and texts later: then it is one of texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["conformed", "typed", "unified", "without_lists"]

WHOLE = r"^(?:0|-?[1-9][0-9]{0,17})$"
"""A whole number of 64 bits, written as one: ``007`` is none, nor is ``+7``."""

NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-][0-9]{1,2})?$"
DECIMALS = r"\.(?P<decimals>[0-9]+)"
PADDED = r"\.[0-9]+0(?:[eE]|$)"
"""With a zero at the end that no library writes of itself, but a person or a format with so many decimals does."""

MOST_CHARACTERS = 16
"""Of a number that is no whole one: so few digits come back from 64 bits as they were written (IEEE 754: 15 do)."""


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


def typed(schema: pa.Schema, tables: Callable[[], Iterator[pa.Table]], names: Sequence[str]) -> pa.Schema:
    """Return the schema with numbers in the place of texts, in the named columns whose texts all are numbers.

    What means missing, the empty text among it, is no number and no hindrance. A number that would be written in
    another way as text, as ``007``, keeps its column one of texts: it may be a code. So do ``1.10`` beside ``1.1`` and
    ``250.0`` beside ``250``; zeros behind the point that all numbers have are a format and no hindrance.
    """
    import pyarrow as pa

    kinds: dict[str, set[str]] = {name: set() for name in names if pa.types.is_string(schema.field(name).type)}
    if kinds:
        for table in tables():
            for name in [n for n, found in kinds.items() if "text" not in found]:
                kinds[name] |= _kinds_of_texts(table.column(name))
    for name, found in kinds.items():
        if found and "text" not in found and not found >= {"number", "long"} and not _are_codes(found):
            at = schema.get_field_index(name)
            schema = schema.set(at, pa.field(name, pa.float64() if "number" in found else pa.int64()))
    return schema


def _are_codes(found: set[str]) -> bool:
    """Return whether some of the numbers are written in another way than the others."""
    lengths = {kind for kind in found if kind.startswith("decimals")}
    return ("padded" in found and len(lengths | (found & {"whole"})) > 1) or found >= {"whole", "point zero"}


def _kinds_of_texts(column: pa.ChunkedArray) -> set[str]:
    """Return which of ``whole``, ``long`` (too long for a number that is no whole one), ``number`` and ``text`` the
    values of a column of texts are; and of how they are written ``decimals 2``, ``padded`` and ``point zero``."""
    import pyarrow.compute as pc

    from modelwright.data.parsing.texts import is_missing_text

    whole = pc.match_substring_regex(column, WHOLE)
    short = pc.less_equal(pc.utf8_length(column), MOST_CHARACTERS)
    number = pc.and_(pc.match_substring_regex(column, NUMBER), short)
    rest = pc.unique(column.filter(pc.invert(pc.or_(whole, number)))).to_pylist()
    kinds = {"text"} if any(not is_missing_text(text.strip()) for text in rest) else set()
    if pc.any(whole).as_py():
        kinds.add("whole")
    fractions = pc.unique(column.filter(pc.and_(number, pc.invert(whole))))
    if len(fractions):
        kinds.add("number")
        behind = pc.unique(pc.struct_field(pc.extract_regex(fractions, DECIMALS), "decimals")).drop_null()
        kinds |= {f"decimals {n}" for n in pc.unique(pc.utf8_length(behind)).to_pylist()}
        if pc.any(pc.match_substring_regex(fractions, PADDED)).as_py():
            kinds.add("padded")
        if pc.any(pc.equal(behind, "0")).as_py():
            kinds.add("point zero")
    if pc.any(pc.and_(whole, pc.invert(number))).as_py():
        kinds.add("long")
    return kinds


def conformed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table with the types of the schema."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from modelwright.data.canonical import raw_strings

    if table.schema.equals(schema):
        return table
    columns = []
    for field in schema:
        column = table.column(field.name)
        if pa.types.is_string(field.type) and not pa.types.is_string(column.type):
            texts = raw_strings(table, [field.name])[field.name]
            column = pa.chunked_array([pa.array(texts.tolist(), pa.string())])
        elif pa.types.is_string(column.type) and _is_number(field.type):
            column = pc.if_else(pc.match_substring_regex(column, NUMBER), column, pa.scalar(None, pa.string()))
        columns.append(column.cast(field.type))
    return pa.table(columns, schema=schema)


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def without_lists(schema: pa.Schema) -> pa.Schema:
    """Return the schema with texts in the place of lists: `conformed` makes JSON of them."""
    import pyarrow as pa

    return pa.schema([(f.name, pa.string() if pa.types.is_list(f.type) else f.type) for f in schema])
