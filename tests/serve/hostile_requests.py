"""Requests that nobody should send, made by hypothesis: bodies for every decoder, and what is no HTTP."""

from __future__ import annotations

import gzip
import io
import random
from dataclasses import dataclass, replace

import msgspec
from hypothesis import strategies as st

CANARY = "canary7q"
MARKS = (CANARY.encode(), b"918273645")
"""Texts and numbers of requests that no answer may repeat."""

MODEL = "made"
GOOD = b'{"age": 33, "balance": 410.5, "job": "student"}'

POSTS = (
    "/predict", "/score", "/invocations", "/feedback", f"/v1/models/{MODEL}:predict", f"/v1/models/{MODEL}:explain",
    "/explain", f"/v2/models/{MODEL}/infer", f"/v2/models/{MODEL}/versions/1/infer",
)  # fmt: skip
TYPES = (
        "application/json", "application/json; charset=utf-8", "text/csv", "application/jsonlines",
        "application/x-ndjson", "application/x-parquet", "application/vnd.apache.parquet",
        "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file", "application/octet-stream",
        "text/plain", "multipart/form-data", "", ";;", "x" * 500,
    )  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """Of a request that is right in itself, whatever it holds."""

    path: bytes
    body: bytes
    told: str
    headers: bytes = b""
    chunks: int = 0

    def framed(self) -> bytes:
        """Return the bytes to send."""
        head = b"POST " + self.path + b" HTTP/1.1\r\nhost: localhost\r\n" + self.headers
        head += b"content-type: " + self.told.encode() + b"\r\n" if self.told else b""
        if not self.chunks:
            return head + b"content-length: %d\r\n\r\n" % len(self.body) + self.body
        size = max(1, len(self.body) // self.chunks)
        pieces = [self.body[i : i + size] for i in range(0, len(self.body), size)]
        sent = b"".join(b"%x\r\n" % len(p) + p + b"\r\n" for p in pieces)
        return head + b"transfer-encoding: chunked\r\n\r\n" + sent + b"0\r\n\r\n"


@dataclass(frozen=True)
class Case:
    """Bytes to send; with ``parts`` they are one whole request, which must be answered."""

    raw: bytes
    parts: Parts | None = None


def variants(case: Case, count: int, rng: random.Random) -> list[Case]:
    """Return a case and ``count`` more: the same changed at random places, for another route."""
    made = [case]
    for _ in range(count if case.parts is not None else 0):
        assert case.parts is not None
        body = bytearray(case.parts.body)
        for _ in range(rng.choice((1, 1, 2, 8))):
            at = rng.randrange(len(body) + 1)
            match rng.randrange(4):
                case 0:
                    body[at : at + 1] = bytes([rng.randrange(256)])
                case 1:
                    del body[at : at + rng.randrange(1, 9)]
                case 2:
                    body[at:at] = body[at // 2 : at // 2 + rng.randrange(64)]
                case _:
                    body[at:at] = rng.choice(
                        (b"[", b"{", b'"', b",", b"null", b"1e999", b"\xff", b"\x00", b"canary7q", b"-")
                    )
        parts = replace(case.parts, path=rng.choice(POSTS).encode(), body=bytes(body))
        made.append(Case(parts.framed(), parts))
    return made


SOUND = st.sampled_from(
    [
        b"null", b"true", b"false", b"0", b"-0", b"-1", b"1e-999", b"-" + b"9" * 25, b"0.1", b"918273645.25",
        b"918273645", b'""', b'" "', b'"admin"', b'"canary7q"', b'"canary7q\\u0000"', b'"\\u202e"', b'"1e5"',
        b'"918273645"', b'"nan"', b'"NULL"', b'"2020-13-45"', b"9223372036854775808", b"18446744073709551616",
        b"1e308", b"5e-324",
    ]
)  # fmt: skip
"""Values of JSON that a row may hold."""

UNSOUND = st.sampled_from(
    [
        b"1e999", b"-1e999", b"1" * 400, b"NaN", b"Infinity", b"-Infinity", b"0x1", b"01", b"1.", b".5", b"+1",
        b'"\\ud800"', b'"\\udc00canary7q"', b'"\xff\xfe"', b"'a'", b'"\n"', b'"\\x"', b"[]", b"{}", b'[["canary7q"]]',
        b'{"canary7q": 918273645}', b'"' + b"canary7q" * 20_000 + b'"', b"[" * 3000 + b"]" * 3000, b'{"a":' * 800,
        b"-", b'"', b",", b":", b"nul", b"\x00", b"/*x*/1",
    ]
)  # fmt: skip
TEXTS = st.text(max_size=8).map(lambda t: msgspec.json.encode(t.encode("utf-8", "replace").decode()))
NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6).map(lambda i: b"%d" % i),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda f: repr(f).encode()),
)
PLAIN = st.one_of(SOUND, TEXTS, NUMBERS)
VALUES = st.integers(0, 5).flatmap(lambda n: PLAIN if n else UNSOUND)
KEYS = st.sampled_from(
    [
        b'"age"', b'"balance"', b'"job"', b'"canary7q"', b'""', b'"rows"', b'"columns"', b'"instances"',
        b'"age\\u0000"', b'"AGE"', b"1",
    ]
)  # fmt: skip


def joined(parts: list[bytes], opened: bytes, closed: bytes) -> bytes:
    return opened + b",".join(parts) + closed


PAIRS = st.tuples(KEYS, VALUES).map(b":".join)
GOOD_PAIRS = st.tuples(PLAIN, PLAIN, PLAIN).map(
    lambda v: b'{"age":' + v[0] + b',"balance":' + v[1] + b',"job":' + v[2] + b"}"
)
RECORDS = st.one_of(GOOD_PAIRS, st.just(GOOD), st.lists(PAIRS, max_size=4).map(lambda p: joined(p, b"{", b"}")), VALUES)
ROWS = st.one_of(st.lists(RECORDS, max_size=3).map(lambda r: joined(r, b"[", b"]")), VALUES)
LISTS = st.one_of(st.lists(VALUES, max_size=4).map(lambda v: joined(v, b"[", b"]")), VALUES)
TABLES = st.one_of(st.lists(LISTS, max_size=3).map(lambda v: joined(v, b"[", b"]")), VALUES)
COLUMNS = st.lists(st.tuples(KEYS, LISTS).map(b":".join), max_size=3).map(lambda p: joined(p, b"{", b"}"))
OPTIONS = st.sampled_from(
    [
        b"", b',"probabilities":1', b',"interval":0.9', b',"interval":1e999', b',"interval":-1', b',"reasons":3',
        b',"reasons":1e9', b',"reasons":-1', b',"parameters":{"canary7q":1}', b',"params":[]', b',"id":5',
        b',"signature_name":"x"', b',"rows":1',
    ]
)  # fmt: skip


def named(name: bytes, value: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return objects with one name and options."""
    return st.tuples(value, OPTIONS).map(lambda v: b'{"' + name + b'":' + v[0] + v[1] + b"}")


SHAPES = st.sampled_from(
    [b"[1]", b"[1,1]", b"[2,3]", b"[1,3]", b"[-1]", b"[0]", b"[4294967296,4294967296]", b"[1e9]", b"[]"]
)
DATATYPES = st.sampled_from([b'"FP64"', b'"BYTES"', b'"INT64"', b'"BOOL"', b'"UINT8"', b'"FP16"', b'"canary7q"'])
PARAMETERS = st.sampled_from(
    [
        b"",
        b',"parameters":{"binary_data_size":8}',
        b',"parameters":{"binary_data_size":-1}',
        b',"parameters":{"content_type":"canary7q"}',
    ]
)
TENSORS = st.tuples(st.one_of(KEYS, VALUES), SHAPES, DATATYPES, st.one_of(LISTS, TABLES), PARAMETERS).map(
    lambda t: b'{"name":' + t[0] + b',"shape":' + t[1] + b',"datatype":' + t[2] + b',"data":' + t[3] + t[4] + b"}"
)
ROW_OF_TENSORS = st.tuples(PLAIN, PLAIN, PLAIN, st.sampled_from([b"FP64", b"BYTES", b"INT64"])).map(
    lambda t: [
        b'{"name":"' + name + b'","shape":[1],"datatype":"' + t[3] + b'","data":[' + value + b"]}"
        for name, value in zip((b"age", b"balance", b"job"), t, strict=False)
    ]
)
OUTPUTS = st.sampled_from(
    [
        b"", b',"outputs":[{"name":"canary7q"}]', b',"outputs":[]', b',"outputs":5',
        b',"outputs":[{"name":"predict","parameters":{"binary_data":true}}]', b',"id":918',
        b',"parameters":{"binary_data_output":true}',
    ]
)  # fmt: skip
SPLIT = st.tuples(LISTS, TABLES).map(lambda t: b'{"columns":' + t[0] + b',"data":' + t[1] + b"}")
LABEL = st.tuples(VALUES, VALUES, VALUES).map(
    lambda v: b'{"request_id":' + v[0] + b',"row":' + v[1] + b',"label":' + v[2] + b"}"
)
DOCUMENTS = st.one_of(
    RECORDS, named(b"rows", ROWS), named(b"columns", COLUMNS), named(b"instances", st.one_of(ROWS, TABLES)),
    named(b"inputs", TABLES),
    named(b"inputs", st.lists(TENSORS, max_size=3).map(lambda t: joined(t, b"[", b"]"))),
    st.tuples(st.one_of(ROW_OF_TENSORS, st.lists(TENSORS, max_size=3)), OUTPUTS).map(
        lambda t: joined(t[0], b'{"inputs":[', b"]" + t[1] + b"}")
    ),
    named(b"dataframe_split", st.one_of(SPLIT, VALUES)), named(b"dataframe_records", ROWS), LABEL,
    st.lists(LABEL, max_size=3).map(lambda v: joined(v, b'{"labels":[', b"]}")),
    st.lists(RECORDS, max_size=3).map(b"\n".join),
)  # fmt: skip
GOOD_ROWS = st.lists(GOOD_PAIRS, min_size=1, max_size=3).map(lambda r: joined(r, b"[", b"]"))
GOOD_SPLIT = st.lists(st.tuples(PLAIN, PLAIN, PLAIN).map(lambda v: joined(list(v), b"[", b"]")), min_size=1).map(
    lambda r: b'{"columns":["age","balance","job"],"data":' + joined(r, b"[", b"]") + b"}"
)
GOOD_LABEL = st.tuples(PLAIN, st.integers(0, 9)).map(
    lambda v: b'{"request_id":"a","row":%d,"label":' % v[1] + v[0] + b"}"
)
GOOD_TENSORS = st.tuples(ROW_OF_TENSORS, OUTPUTS).map(lambda t: joined(t[0], b'{"inputs":[', b"]" + t[1] + b"}"))
FITTING = {
    "/predict": st.one_of(GOOD_PAIRS, named(b"rows", GOOD_ROWS)),
    "/score": named(b"instances", GOOD_ROWS),
    "/invocations": st.one_of(named(b"dataframe_records", GOOD_ROWS), named(b"dataframe_split", GOOD_SPLIT)),
    "/feedback": GOOD_LABEL,
    "/explain": GOOD_PAIRS,
    f"/v1/models/{MODEL}:predict": named(b"instances", GOOD_ROWS),
    f"/v1/models/{MODEL}:explain": named(b"instances", GOOD_ROWS),
    f"/v2/models/{MODEL}/infer": GOOD_TENSORS,
    f"/v2/models/{MODEL}/versions/1/infer": GOOD_TENSORS,
}
"""Documents that have the form a route wants: what is hostile is in the values."""

CSV = st.tuples(
    st.sampled_from([
        b"age,balance,job", b"age,age,job", b"canary7q,balance", b"", b'"age,balance',
        b"\xef\xbb\xbfage,balance,job",
    ]),
    st.lists(st.lists(VALUES, max_size=4).map(b",".join), max_size=4).map(b"\n".join),
    st.sampled_from([b"\n", b"\r\n", b"\r", b"\x00"]),
).map(lambda t: t[0] + t[2] + t[1])  # fmt: skip


def _tables() -> dict[str, bytes]:
    """Return good bodies of the binary formats by what they are called, for changing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"age": [30.0, None], "balance": [1.0, 918273645.25], "job": ["admin", CANARY]})
    stream, file, parquet = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    pq.write_table(table, parquet)
    return {
        "application/vnd.apache.arrow.stream": stream.getvalue(),
        "application/vnd.apache.arrow.file": file.getvalue(),
        "application/x-parquet": parquet.getvalue(),
    }


@st.composite
def bodies(draw: st.DrawFn) -> tuple[bytes, str]:
    """Return a body and what it says it is; now and then the two do not fit."""
    kind = draw(st.integers(0, 19))
    if kind < 12:
        body, told = draw(DOCUMENTS), "application/json"
    elif kind < 14:
        body, told = draw(CSV), "text/csv"
    elif kind < 17:
        told, body = draw(st.sampled_from(sorted(TABLES_IN_BYTES.items())))
        body = draw(changes(body))
    else:
        body, told = draw(st.binary(max_size=60)), "application/json"
    if draw(st.integers(0, 5)) == 0:
        body = draw(changes(body))
    if draw(st.integers(0, 7)) == 0:
        told = draw(st.sampled_from(TYPES))
    return body, told


@st.composite
def changes(draw: st.DrawFn, body: bytes) -> bytes:
    """Return a body that was cut, turned at a bit, lengthened or doubled in part."""
    at = draw(st.integers(0, max(0, len(body) - 1)))
    match draw(st.integers(0, 4)):
        case 0:
            return body[:at]
        case 1:
            return body[:at] + bytes([body[at] ^ (1 << draw(st.integers(0, 7)))]) + body[at + 1 :] if body else b""
        case 2:
            return body[:at] + draw(st.binary(max_size=8)) + body[at:]
        case 3:
            return body[:at] + body[at // 2 :]
        case _:
            return body[:at] + b"\xff" * 4 + body[at + 4 :]


TABLES_IN_BYTES = _tables()
HEADERS = st.sampled_from(
    [
        b"", b"", b"", b"", b"accept: text/csv\r\n", b"accept: canary7q\r\n",
        b"accept: application/vnd.apache.arrow.stream\r\n", b"x-request-id: canary7q\x01\r\n",
        b"content-encoding: gzip\r\n", b"content-encoding: canary7q\r\n", b"content-encoding: br\r\n",
        b"inference-header-content-length: 5\r\n", b"inference-header-content-length: -5\r\n",
        b"inference-header-content-length: canary7q\r\n",
        b"inference-header-content-length: 99999999999999999999\r\n", b"expect: 100-continue\r\n",
        b"upgrade: websocket\r\nconnection: upgrade\r\n", b"authorization: Bearer canary7q\r\n",
        b"x-api-key: \xff\xfe\r\n", b"cookie: canary7q\r\n", b"x-forwarded-for: canary7q\r\n",
        b"content-type: text/csv\r\n", b"range: bytes=0-\r\n", b"if-match: *\r\n",
    ]
)  # fmt: skip


NOWHERE = st.sampled_from(
    [
        b"/canary7q", b"/v2/models/canary7q/infer", b"/v1/models/%00:predict",
        b"/v2/models/made/versions/918273645/infer", b"//", b"/\xff",
    ]
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> Case:
    """Return whole requests with hostile bodies."""
    route = draw(st.sampled_from(POSTS))
    path, headers = route.encode(), draw(HEADERS)
    body, told = draw(FITTING[route]) if draw(st.booleans()) else b"", "application/json"
    if not body:
        body, told = draw(bodies())
    if headers.startswith(b"content-encoding: gzip") and draw(st.booleans()):
        body = gzip.compress(body if draw(st.integers(0, 9)) else b"[" + b"0," * (1 << 20), 1)
    if draw(st.integers(0, 9)) == 0:
        path += draw(
            st.sampled_from([b"?canary7q=1", b"?" + b"a&" * 500, b"?probabilities=canary7q", b"?%ff%00", b"/"])
        )
    if draw(st.integers(0, 19)) == 0:
        path = draw(NOWHERE)
    parts = Parts(path, body, told, headers, draw(st.sampled_from([0, 0, 0, 0, 1, 7, 300])))
    return Case(parts.framed(), parts)


BROKEN = st.sampled_from(
    [
        b"", b"\r\n", b"\x00" * 50, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        b"GET\r\n\r\n", b"GET / \r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
        b"get / http/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET  / HTTP/1.1\r\nhost: localhost\r\n\r\n", b"GET / HTTP/1.1\nhost: localhost\n\n",
        b"GET / HTTP/1.1\r\nhost localhost\r\n\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", b"GET / HTTP/1.1\r\n folded: x\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"canary7q" * 10_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000 + b"\r\n", b"CONNECT localhost:80 HTTP/1.1\r\n\r\n",
        b"A" * 100_000, b"GET http://evil.example/metrics HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nx: a\x00b\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ]
)  # fmt: skip
LENGTHS = st.sampled_from(
    [
        b"-1", b"+5", b"0x5", b"5, 5", b"5,6", b"1e3", b"", b" ", b"canary7q", b"99999999999999999999999",
        b"18446744073709551616", b"5.0", b"5\r\ncontent-length: 6", b"5\r\ntransfer-encoding: chunked", b"9000000",
        b"1000000000", b"60", b"\xb2",
    ]
)  # fmt: skip
CHUNKS = st.sampled_from(
    [
        b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello", b"ffffffffffffffffff\r\n",
        b"5;ext=canary7q\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"5\r\nhel", b"1\r\n{\r\n" * 5000, b"5\r\nhelloX\r\n",
        b"0\r\nx: y\r\n\r\n", b"0\r\n" + b"t: canary7q\r\n" * 3000 + b"\r\n", b"1" + b";a=b" * 9000 + b"\r\n",
        b"10000000\r\n" + b"x" * 1000, b"\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n",
    ]
)  # fmt: skip
ENCODINGS = st.sampled_from(
    [
        b"chunked",
        b"gzip, chunked",
        b"chunked, gzip",
        b"identity",
        b"canary7q",
        b"chunked\r\ncontent-length: 5",
        b"CHUNKED",
    ]
)
METHODS = st.sampled_from(
    [
        b"GET",
        b"HEAD",
        b"OPTIONS",
        b"PUT",
        b"DELETE",
        b"PATCH",
        b"TRACE",
        b"PROPFIND",
        b"canary7q",
        b"G" * 500,
        b"\xff",
    ]
)
GETS = st.sampled_from(
    [
        b"/", b"/livez", b"/metrics", b"/version", b"/openapi.json", b"/v2", b"/v2/models/canary7q",
        b"/..%2f..%2fetc/passwd", b"/%", b"*", b"\xff",
    ]
)  # fmt: skip


def _post(end: bytes) -> bytes:
    return b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n" + end


def malformed() -> st.SearchStrategy[Case]:
    """Return what is no HTTP, or only in part."""
    good = Parts(b"/predict", GOOD, "application/json").framed()
    return st.one_of(
        BROKEN,
        LENGTHS.map(lambda n: _post(b"content-length: " + n + b"\r\n\r\n" + GOOD)),
        st.tuples(ENCODINGS, CHUNKS).map(lambda t: _post(b"transfer-encoding: " + t[0] + b"\r\n\r\n" + t[1])),
        st.tuples(METHODS, GETS, HEADERS).map(
            lambda t: t[0] + b" " + t[1] + b" HTTP/1.1\r\nhost: localhost\r\n" + t[2] + b"\r\n"
        ),
        changes(good),
        st.binary(max_size=80),
        st.tuples(st.integers(1, 20), changes(good)).map(lambda t: good * t[0] + t[1] + good),
    ).map(lambda raw: Case(raw))


CASES = st.integers(0, 9).flatmap(lambda n: malformed() if n == 0 else requests())
