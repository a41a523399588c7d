"""Every file of a folder as anybody could read it: plain, unpacked, and as the values of tables and arrays."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["found_in", "texts_of"]

WIDTH = 8
"""Bytes by which places are found quickly; what is looked for is at least so long."""


def found_in(folder: Path, secrets: Iterable[str]) -> dict[str, list[str]]:
    """Return the secrets that stand in files, by file, whatever their case."""
    wanted = sorted({s.lower().encode() for s in secrets})
    assert wanted and min(map(len, wanted)) >= WIDTH
    starts = np.unique(np.array([int.from_bytes(w[:WIDTH], "little") for w in wanted], dtype=np.uint64))
    by_start: dict[bytes, list[bytes]] = {}
    for secret in wanted:
        by_start.setdefault(secret[:WIDTH], []).append(secret)
    hits: dict[str, list[str]] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        for data in texts_of(path.name, path.read_bytes()):
            own = [secret.decode() for secret in _in(data.lower(), starts, by_start)]
            if own:
                hits.setdefault(str(path.relative_to(folder)), []).extend(own)
    return hits


def _in(data: bytes, starts: np.ndarray, by_start: dict[bytes, list[bytes]]) -> Iterator[bytes]:
    for shift in range(WIDTH):
        usable = (len(data) - shift) // WIDTH * WIDTH
        if usable <= 0:
            return
        windows = np.frombuffer(data, "<u8", count=usable // WIDTH, offset=shift)
        nearest = starts[np.minimum(np.searchsorted(starts, windows), len(starts) - 1)]
        for place in np.flatnonzero(nearest == windows).tolist():
            at = shift + place * WIDTH
            for secret in by_start[data[at : at + WIDTH]]:
                if data.startswith(secret, at):
                    yield secret


def texts_of(name: str, data: bytes) -> Iterator[bytes]:
    """Yield what a file says in every form that it may be read in."""
    yield data
    if name.endswith(".parquet") or data[:4] == b"PAR1":
        import pyarrow.parquet as pq

        yield _as_json(pq.read_table(io.BytesIO(data)).to_pydict())
    elif data[:6] == b"ARROW1":
        import pyarrow as pa

        yield _as_json(pa.ipc.open_file(io.BytesIO(data)).read_all().to_pydict())
    elif data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from texts_of(member, archive.read(member))
    elif data[:2] == b"\x1f\x8b":
        yield from texts_of(name.removesuffix(".gz"), gzip.decompress(data))
    elif data[:6] == b"\x93NUMPY":
        values = np.load(io.BytesIO(data), allow_pickle=False)
        yield "\n".join(map(str, _plain(values))).encode()
    if name.endswith((".json", ".jsonl", ".toml")):
        yield data.decode("utf-8", "replace").encode("utf-8").replace(b"\\u002b", b"+")


def _plain(values: np.ndarray) -> list[Any]:
    """Return values as texts, whole numbers without a point."""
    return [int(v) if isinstance(v, float) and v.is_integer() else v for v in values.ravel().tolist()]


def _as_json(table: dict[str, list]) -> bytes:
    return json.dumps(table, ensure_ascii=False, default=str).encode()
