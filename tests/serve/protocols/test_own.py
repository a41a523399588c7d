"""Our own protocol: which bodies it reads, which it refuses and in what words, what it answers."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zlib
from dataclasses import replace
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from modelwright.data.contract import ColumnSpec, Kind, Violation
from modelwright.data.tidying import without_views
from modelwright.errors import DataError, RequestError
from modelwright.serve.exchange import Asked, ModelFacts
from modelwright.serve.limits import Limits
from modelwright.serve.protocols.own import protocol
from modelwright.serve.protocols.replies import answer_rows

from .conftest import COLUMNS, ROWS, TABLE, ask, facts_of, parquet_of, scored_of, stream_of

OWN = protocol(Limits())


def refused(request, facts, limits: Limits | None = None) -> RequestError:
    with pytest.raises(RequestError) as caught:
        (OWN if limits is None else protocol(limits)).decode(request, facts)
    return caught.value


def test_one_bare_record(facts: ModelFacts) -> None:
    assert OWN.decode(ask(ROWS[0]), facts).records == [ROWS[0]]


@pytest.mark.parametrize("kind", [None, "application/json; charset=utf-8", "Application/JSON", "application/x+json"])
def test_what_counts_as_json(kind: str | None, facts: ModelFacts) -> None:
    assert OWN.decode(ask(ROWS[0], kind), facts).records == [ROWS[0]]


def test_rows_columns_and_instances(facts: ModelFacts) -> None:
    asked = OWN.decode(ask({"rows": ROWS, "probabilities": False, "reasons": 3}), facts)
    assert (asked.records, asked.probabilities, asked.reasons) == (ROWS, False, 3)
    assert OWN.decode(ask({"rows": ROWS, "reasons": 3.0}), facts).reasons == 3
    assert OWN.decode(ask({"columns": TABLE}), facts).columns == TABLE
    assert OWN.decode(ask({"instances": ROWS}), facts).records == ROWS
    assert OWN.decode(ask({"instances": [[41, "clerk"], [39, None]]}), facts).columns == TABLE


@pytest.mark.parametrize(
    ("body", "elsewhere"),
    [
        ({"data": ROWS}, False),
        ({"input_data": {"columns": ["age"], "data": [[41]]}}, False),
        ({"dataframe_split": {"columns": ["age"], "data": [[41]]}}, True),
        ({"inputs": ROWS}, True),
    ],
)
def test_forms_of_other_protocols_are_told_from_a_broken_record(
    body: dict[str, Any], elsewhere: bool, facts: ModelFacts
) -> None:
    error = refused(ask(body), facts)
    assert error.code == "MW-S108" and "each of its values is a list or an object" in error.what
    assert '{"rows": [...]}' in error.fix and ("/invocations" in error.fix) is elsewhere


def test_options_of_the_query(facts: ModelFacts) -> None:
    asked = OWN.decode(ask(ROWS[0], query={"reasons": "2", "probabilities": "false"}), facts)
    assert (asked.reasons, asked.probabilities) == (2, False)
    values = facts_of(())
    assert OWN.decode(ask(ROWS[0], query={"interval": "0.9"}), values).interval == 0.9


@pytest.mark.parametrize(
    "query", [{"reasons": "-1"}, {"reasons": "٣"}, {"probabilities": "perhaps"}, {"interval": "nan"}, {"interval": "1"}]
)
def test_options_that_make_no_sense(query: dict[str, str]) -> None:
    error = refused(ask(ROWS[0], query=query), facts_of(()))
    assert (error.status, error.code) == (422, "MW-S113")


@pytest.mark.parametrize(
    ("query", "fix"),
    [
        (
            {"interal": "0.9"},
            "did you mean 'interval'? known are 'probabilities', 'interval', 'reasons', 'abstain', 'unusual'",
        ),
        ({"reasons": "2", "x" * 10_000: "1"}, "known are 'probabilities', 'interval', 'reasons', 'abstain', 'unusual'"),
    ],
)
def test_options_that_are_not_known(query: dict[str, str], fix: str, facts: ModelFacts) -> None:
    error = refused(ask(ROWS[0], query=query), facts)
    assert (error.status, error.code, error.fix) == (400, "MW-S121", fix)


@pytest.mark.parametrize(("accept", "told"), [
    ("*/*", {"prediction": "yes", "set": {"classes": ["yes"], "coverage": 0.9}}),
    ("application/jsonlines", {"prediction": "yes", "set": {"classes": ["yes"], "coverage": 0.9}}),
    ("text/csv", 'prediction,set\nyes,"[""yes""]"\nyes,"[""no"",""yes""]"\n'),
])  # fmt: skip
def test_sets_of_classes(accept: str, told: Any, facts: ModelFacts) -> None:
    request = ask({"rows": ROWS, "interval": 0.9, "probabilities": False}, accept=accept)
    reply = OWN.encode(OWN.decode(request, facts), scored_of(2, sets=True), facts, request)
    if accept == "text/csv":
        assert reply.body.decode() == told
    elif accept == "*/*":
        assert json.loads(reply.body)["predictions"][0] == told
    else:
        assert json.loads(reply.body.splitlines()[0]) == told


def test_a_column_called_rows() -> None:
    facts = facts_of(columns=(*COLUMNS, ColumnSpec(name="rows", kind=Kind.NUMBER)))
    record = {"age": 41, "rows": 5}
    assert OWN.decode(ask(record), facts).records == [record]
    assert OWN.decode(ask({"rows": [record]}), facts).records == [record]


def test_the_word_rows_without_such_a_column(facts: ModelFacts) -> None:
    error = refused(ask({"rows": 5, "age": 41}), facts)
    assert (error.status, error.code) == (422, "MW-S108")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "MW-S101"),
        (b"{", 400, "MW-S102"),
        (b'{"age": NaN}', 400, "MW-S102"),
        (b'{"age": -Infinity}', 400, "MW-S102"),
        (b'{"age": "\xff"}', 400, "MW-S102"),
        (b'{"age": "\\ud800"}', 400, "MW-S102"),
        (b'{"age": "\x00"}', 400, "MW-S102"),
        (b"\xff\xfe{\x00}\x00", 400, "MW-S102"),
        (b"{1: 2}", 400, "MW-S102"),
        (b"[" * 100_000, 422, "MW-S108"),
        (b'{"rows":' + b"[" * 100_000, 400, "MW-S102"),
        (b'{"a":' * 100_000, 400, "MW-S102"),
        (b"[]", 422, "MW-S108"),
        (b"null", 422, "MW-S108"),
        (b"{}", 422, "MW-S108"),
        (b'{"rows": [], "columns": {}}', 422, "MW-S108"),
        (b'{"rows": []}', 422, "MW-S119"),
        (b'{"columns": {}}', 422, "MW-S119"),
        (b'{"columns": {"age": [1], "job": []}}', 422, "MW-S111"),
        (b'{"rows": [{"age": [1]}]}', 422, "MW-S109"),
        (b'{"age": {"years": 1}}', 422, "MW-S109"),
        (b'{"age": 1e999}', 422, "MW-S110"),
        (b'{"age": 1' + b"0" * 400 + b"}", 422, "MW-S110"),
        (b'{"rows": [{"age": 1' + b"0" * 5000 + b"}]}", 422, "MW-S110"),
        (b'{"rows": [{"age": 1}], "rosons": 3}', 422, "MW-S108"),
        (b'{"instances": [[1]]}', 422, "MW-S112"),
        (b'{"instances": [[1, "a"], {"age": 1}]}', 422, "MW-S108"),
        (b'{"instances": [[1, ["a"]]]}', 422, "MW-S109"),
    ],
)
def test_refusals(body: bytes, status: int, code: str, facts: ModelFacts) -> None:
    error = refused(ask(body), facts)
    assert (error.status, error.code) == (status, code), str(error)


def test_a_list_is_told_where_it_belongs(facts: ModelFacts) -> None:
    error = refused(ask(b'[{"age": 1, "job": "a"}]'), facts)
    assert error.code == "MW-S108" and "it is a list" in error.what and '{"rows": [...]}' in error.fix


def test_what_a_refusal_says(facts: ModelFacts) -> None:
    said = str(refused(ask(b'{"rows": [{"age": 1}, {"age": [2]}]}'), facts))
    assert said == (
        "column 'age' of row 2 is a list or an object where one value is expected "
        "· fix: a value is a number, a text, true, false or null · MW-S109"
    )
    assert "send null where a value is unknown" in str(refused(ask(b'{"age":NaN}'), facts))


PLACES = [
    ({"rows": [{"age": 1}, {"age": [2]}]}, "column 'age' of row 2"),
    ({"rows": [{"age": 1}, {"age": 2, "SECRET": {"a": 1}}]}, "a column that the model does not know of row 2"),
    ({"job": "x", "age": [2]}, "column 'age'"),
    ({"columns": {"job": ["a", "b"], "age": [1, {}]}}, "column 'age' of row 2"),
    ({"instances": [[1, "a"], [1, []]]}, "value 2 of row 2"),
    ({"instances": [{"job": "a", "age": []}]}, "column 'age' of row 1"),
]


@pytest.mark.parametrize(("body", "where"), PLACES)
def test_the_place_of_what_is_no_value(body: Any, where: str, facts: ModelFacts) -> None:
    for wrong, code, what in (
        (body, "MW-S109", "is a list or an object where one value is expected"),
        (_with_large_numbers(body), "MW-S110", "is a number beyond the range of 64 bits"),
    ):
        error = refused(ask(wrong), facts)
        assert (error.code, error.what) == (code, f"{where} {what}")


def _with_large_numbers(body: Any) -> bytes:
    text = json.dumps(body).replace('{"a": 1}', "{}")
    for wrong in ("[2]", "{}", "[]"):
        text = text.replace(wrong, "-9223372036854775809")
    return text.encode()


def test_the_place_in_a_table_of_lines(facts: ModelFacts) -> None:
    body = b'{"age": 1}\n\n{"job": "a", "age": 1e999}\n'
    assert refused(ask(body, "application/jsonlines"), facts).what.startswith("column 'age' of row 2 is a number")


def test_a_byte_order_mark_is_passed_over(facts: ModelFacts) -> None:
    assert OWN.decode(ask(b'\xef\xbb\xbf{"age": 1}'), facts).records == [{"age": 1}]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"age": 1, "age": 2}', "column 'age' is"),
        (b'{"age": 1, "\\u0061ge": 1}', "column 'age' is"),
        (b'{"rows": [{"age": 1}, {"job": "12:30", "job": "a"}]}', "column 'job' of row 2 is"),
        (b'{"rows": [{"age": 1}], "rows": [{"age": 1}]}', "the key 'rows' is"),
        (b'{"columns": {"age": [1], "age": [2]}}', "column 'age' is"),
        (b'{"instances": [{"age": 1}, {"s3cr3t": 1, "s3cr3t": 2}]}', "a key that is no column is"),
        (b'{"rows": [{"age": 1}], "reasons": 1, "reasons": 2}', "the key 'reasons' is"),
    ],
)
def test_a_key_that_occurs_twice_is_refused(facts: ModelFacts, body: bytes, where: str) -> None:
    error = refused(ask(body), facts)
    assert (error.code, error.status) == ("MW-S123", 422) and error.what == f"{where} given twice"


def test_a_key_that_occurs_twice_in_lines(facts: ModelFacts) -> None:
    body = b'{"age": 1}\n\n{"job": "a", "job": "b"}\n'
    assert refused(ask(body, "application/jsonlines"), facts).what == "column 'job' of row 2 is given twice"


@pytest.mark.parametrize("text", ["a:b", '\\"age\\": 1', "::\\\\", "{:}"])
def test_colons_in_texts_are_no_keys(facts: ModelFacts, text: str) -> None:
    body = b'{"rows": [{"age": 1, "job": "%b"}], "interval": null}' % text.encode()
    asked = OWN.decode(ask(body), facts)
    assert asked.records == json.loads(body)["rows"]


@pytest.mark.parametrize(
    ("limits", "body", "code"),
    [
        (Limits(rows=1), {"rows": ROWS}, "MW-S104"),
        (Limits(rows=1), {"columns": TABLE}, "MW-S104"),
        (Limits(columns=1), ROWS[0], "MW-S105"),
        (Limits(columns=1), {"columns": TABLE}, "MW-S105"),
        (Limits(text=4), ROWS[0], "MW-S106"),
        (Limits(text=4), {"columns": TABLE}, "MW-S106"),
        (Limits(body_bytes=10), ROWS[0], "MW-S103"),
    ],
)
def test_limits(limits: Limits, body: object, code: str, facts: ModelFacts) -> None:
    error = refused(ask(body), facts, limits)
    assert (error.status, error.code) == (413, code)


def test_compressed_bodies(facts: ModelFacts) -> None:
    plain = json.dumps(ROWS[0]).encode()
    assert OWN.decode(ask(gzip.compress(plain), content_encoding="gzip"), facts).records == [ROWS[0]]
    assert refused(ask(gzip.compress(plain)[:-3], content_encoding="gzip"), facts).code == "MW-S118"
    assert refused(ask(plain, content_encoding="br"), facts).status == 415


@pytest.mark.parametrize("kind", ["application/json", "text/csv", "application/jsonlines", "application/x-yaml"])
def test_texts_grow_to_the_size_of_a_body(kind: str, facts: ModelFacts) -> None:
    """What they are decoded into is many times as large, so they may not grow as tables may."""
    bomb = gzip.compress(b" " * 100_001)
    error = refused(ask(bomb, kind, content_encoding="gzip"), facts, Limits(body_bytes=100_000))
    assert error.code == "MW-S120" and "100,000" in error.what


def test_a_body_of_just_the_size_is_decompressed(facts: ModelFacts) -> None:
    plain = json.dumps({"rows": ROWS * 20}).encode()
    packed = ask(zlib.compress(plain), content_encoding="deflate")
    assert protocol(Limits(body_bytes=len(plain))).decode(packed, facts).records == ROWS * 20
    assert refused(packed, facts, Limits(body_bytes=len(plain) - 1)).code == "MW-S120"


def test_tables_grow_to_the_size_of_a_table(facts: ModelFacts) -> None:
    zeros = pa.table({"age": [0] * 10_000, "job": ["x"] * 10_000})
    for body, kind in ((stream_of(zeros), STREAM), (parquet_of(zeros), "application/x-parquet")):
        request = ask(gzip.compress(body), kind, content_encoding="gzip")
        limits = Limits(body_bytes=len(request.body), table_bytes=1_000_000)
        assert protocol(limits).decode(request, facts).columns.num_rows == 10_000
        assert refused(request, facts, replace(limits, table_bytes=len(body) - 1)).code == "MW-S120"


def test_other_types(facts: ModelFacts) -> None:
    error = refused(ask(b"age=1", "application/x-yaml"), facts)
    assert error.status == 415
    assert "text/csv" in error.fix


def test_csv_has_a_header(facts: ModelFacts) -> None:
    asked = OWN.decode(ask(b"\xef\xbb\xbfage,job\r\n41,clerk\r\n\r\n39,\r\n", "text/csv"), facts)
    assert asked.columns == {"age": ["41", "39"], "job": ["clerk", ""]}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"age,job\n1\n", "MW-S112"),
        (b"age,age\n1,2\n", "MW-S114"),
        (b'age,job\n1,"a\n', "MW-S114"),
        (b"age,job\n1,\xff\n", "MW-S114"),
        (b"age,job\n", "MW-S119"),
        (b"\n\n", "MW-S119"),
    ],
)
def test_csv_that_is_refused(body: bytes, code: str, facts: ModelFacts) -> None:
    assert refused(ask(body, "text/csv"), facts).code == code


def test_json_lines(facts: ModelFacts) -> None:
    asked = OWN.decode(ask(b'{"age":41,"job":"clerk"}\n\n{"age":39}\n', "application/x-ndjson"), facts)
    assert asked.columns == TABLE


STREAM, FILE = "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file"


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_arrow(compression: str | None, facts: ModelFacts) -> None:
    table = pa.table({"age": [41, 39], "job": pa.array(["clerk", None]).dictionary_encode()})
    for kind, file in ((STREAM, False), (FILE, True)):
        asked = OWN.decode(ask(stream_of(table, file=file, compression=compression), kind), facts)
        assert asked.columns.to_pydict() == TABLE
        assert asked.columns.schema.field("job").type == pa.string()


@pytest.mark.parametrize(
    "options", [{}, {"compression": "zstd", "data_page_version": "2.0"}, {"use_dictionary": False}]
)
def test_parquet(options: dict, facts: ModelFacts) -> None:
    asked = OWN.decode(ask(parquet_of(pa.table(TABLE), **options), "application/x-parquet"), facts)
    assert asked.columns.to_pydict() == TABLE


def test_tables_that_grow_when_read(facts: ModelFacts) -> None:
    limits = Limits(table_bytes=1_000_000)
    zeros = pa.table({"age": [0] * 10_000, "job": ["x" * 300] * 10_000})
    shared = pa.table({"job": pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), ["x" * 5000])})
    for body, kind in (
        (stream_of(zeros, compression="zstd"), STREAM),
        (parquet_of(zeros, use_dictionary=False, compression="zstd"), "application/x-parquet"),
        (stream_of(shared), STREAM),
        (parquet_of(shared), "application/x-parquet"),
    ):
        assert len(body) < 200_000
        assert refused(ask(body, kind), facts, limits).code == "MW-S120"


def test_tables_of_other_types(facts: ModelFacts) -> None:
    lists = pa.table({"age": [[1], [2]]})
    assert refused(ask(stream_of(lists), STREAM), facts).code == "MW-S109"
    assert refused(ask(parquet_of(lists), "application/x-parquet"), facts).code == "MW-S109"
    far = pa.table({"age": pa.array([2**62], pa.timestamp("s"))})
    assert refused(ask(stream_of(far), STREAM), facts).code == "MW-S115"
    zoned = pa.table({"age": pa.array([0], pa.timestamp("ms", "Mars/Olympus"))})
    assert OWN.decode(ask(stream_of(zoned), STREAM), facts).columns.schema.field("age").type == pa.timestamp("us")
    texts = pa.table({"age": ["12345"]})
    assert refused(ask(stream_of(texts), STREAM), facts, Limits(text=4)).code == "MW-S106"
    encoded = parquet_of(pa.table({"job": ["a", "b"]}), use_dictionary=False, column_encoding="DELTA_BYTE_ARRAY")
    assert refused(ask(encoded, "application/x-parquet"), facts).code == "MW-S115"


# --- answers -------------------------------------------------------------------------------------------------------


def test_the_answer(facts: ModelFacts) -> None:
    request = ask({"rows": ROWS, "reasons": 1})
    scored = replace(
        scored_of(2), violations=(Violation(what="new level", column="job", n_rows=1, done="kept", message="told"),)
    )
    reply = OWN.encode(OWN.decode(request, facts), scored, facts, request)
    row = {
        "prediction": "yes",
        "probabilities": {"no": 0.25, "yes": 0.75},
        "reasons": [{"column": "age", "effect": 0.5}],
    }
    assert json.loads(reply.body) == {
        "predictions": [row, row],
        "model": "bank",
        "version": "3",
        "request_id": "r-1",
        "notes": [{"what": "new level", "column": "job", "rows": 1, "done": "kept", "message": "told"}],
    }


@pytest.mark.parametrize("encoded", [False, True])
def test_views_of_texts(encoded: bool, facts: ModelFacts) -> None:
    """As polars writes them."""
    job = pa.array(["clerk", None, "a text of more than twelve letters"], pa.string_view())
    if encoded:
        job = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], pa.uint32()), job)
    body = stream_of(pa.table({"age": [41, 39, 40], "job": job}))
    columns = OWN.decode(ask(body, STREAM), facts).columns
    assert columns.column("job").to_pylist() == job.to_pylist()


def test_tables_of_polars(facts: ModelFacts) -> None:
    frame = pl.DataFrame({"age": [41, 39], "job": ["clerk", None]}, schema={"age": pl.Int64, "job": pl.Categorical})
    for level in (pl.CompatLevel.oldest(), pl.CompatLevel.newest()):
        stream, file = io.BytesIO(), io.BytesIO()
        frame.write_ipc_stream(stream, compat_level=level)
        assert OWN.decode(ask(stream.getvalue(), STREAM), facts).columns.to_pydict() == TABLE
        frame.write_ipc(file, compat_level=level)
        assert "write_ipc_stream" in str(refused(ask(file.getvalue(), FILE), facts))


def test_views_of_the_same_text_are_added_up(facts: ModelFacts) -> None:
    text, n = b"x" * 50_000, 5_000  # 130 kB that would be 250 MB
    view = struct.pack("<i4sii", len(text), text[:4], 0, 0)
    job = pa.Array.from_buffers(pa.string_view(), n, [None, pa.py_buffer(view * n), pa.py_buffer(text)])
    body = stream_of(pa.table({"age": [41] * n, "job": job}))
    assert len(body) < 1 << 18
    error = refused(ask(body, STREAM), facts)
    assert (error.status, error.code) == (413, "MW-S120")


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("length", [-1, -600, -(2**31)])
def test_views_of_negative_length_in_the_place_of_missing_ones(encoded: bool, length: int, facts: ModelFacts) -> None:
    """Arrow adds them up unseen and writes beyond the memory it took."""
    text = b"x" * 900
    views = struct.pack("<i4sii", len(text), text[:4], 0, 0) + struct.pack("<iiii", length, 0, 0, 0)
    buffers = [pa.py_buffer(b"\x01"), pa.py_buffer(views), pa.py_buffer(text)]
    job = pa.Array.from_buffers(pa.string_view(), 2, buffers, null_count=1)
    if encoded:
        job = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.uint32()), job)
    error = refused(ask(stream_of(pa.table({"age": [41, 39], "job": job})), STREAM), facts)
    assert error.status == 400
    with pytest.raises(DataError, match="negative length"):
        without_views(pa.chunked_array([job]))


def test_values_with_intervals() -> None:
    facts = facts_of(())
    request = ask({"rows": ROWS, "interval": 0.9})
    reply = OWN.encode(OWN.decode(request, facts), scored_of(2, interval=True), facts, request)
    row = {"prediction": 1.5, "interval": {"low": 1.0, "high": 2.0, "coverage": 0.9}}
    assert json.loads(reply.body)["predictions"] == [row, row]


def test_notes_are_bounded(facts: ModelFacts) -> None:
    told = Violation(what="unknown column", column="x", n_rows=1, done="ignored", message="told")
    scored = replace(scored_of(1), violations=(told,) * 1000)
    notes = json.loads(OWN.encode(Asked(), scored, facts, ask()).body)["notes"]
    assert len(notes) == 51
    assert notes[-1]["message"] == "and 950 more"


def test_one_row_is_answered_as_many_are(facts: ModelFacts) -> None:
    for probabilities in (True, False):
        asked = Asked(probabilities=probabilities)
        assert answer_rows(asked, scored_of(1), facts) * 2 == answer_rows(asked, scored_of(2), facts)


def test_answers_as_tables(facts: ModelFacts) -> None:
    columns = {"prediction": ["yes"] * 2, "probability_no": [0.25] * 2, "probability_yes": [0.75] * 2}
    arrow = OWN.encode(Asked(), scored_of(2), facts, ask(accept=STREAM))
    assert pa.ipc.open_stream(arrow.body).read_all().to_pydict() == columns
    assert arrow.content_type == STREAM
    csv = OWN.encode(Asked(), scored_of(1), facts, ask(accept="text/csv;q=1, */*"))
    assert csv.body == b"prediction,probability_no,probability_yes\nyes,0.25,0.75\n"
    lines = OWN.encode(Asked(probabilities=False), scored_of(2), facts, ask(accept="application/jsonlines"))
    assert lines.body == b'{"prediction":"yes"}\n{"prediction":"yes"}\n'
    assert OWN.encode(Asked(), scored_of(1), facts, ask(accept="image/png")).content_type == "application/json"
