"""How a version keeps things: strict JSON and plain arrays, read as if an adversary had written them.

`json` and `numpy.load` are too forgiving for that: a key may come twice (two readers then see two documents), NaN and
1e999 become numbers, an archive may announce a terabyte, an array may hold objects. Here everything is bounded and
checked before memory is taken, and whatever is odd is a `BundleError`. Nothing here unpickles.
"""

from __future__ import annotations

import errno
import io
import json
import math
import os
import re
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec
import numpy as np

from modelwright.errors import BundleError

__all__ = [
    "MISSING",
    "NOT_PLAIN",
    "ODD_NAME",
    "RESTORE",
    "TOO_LARGE",
    "check_arrays",
    "check_format",
    "is_bomb",
    "malformed",
    "parse_json",
    "read_arrays",
    "read_bytes",
    "read_json",
    "write_arrays",
    "write_json",
]

T = TypeVar("T")

# Kinds of error that reading a version has in several places.
UNKNOWN_FORMAT, ODD_NAME, MISSING, NOT_PLAIN, TOO_LARGE = "MW-B103", "MW-B104", "MW-B105", "MW-B108", "MW-B109"

MAX_JSON_BYTES = 256 << 20  # a plan with a million level names takes some 30 MB
MAX_JSON_VALUES = 1 << 24  # about; at most 1.2 GB in memory. A plan with a million level names has a tenth of them
MAX_JSON_DEPTH = 64  # what modelwright writes is less than ten deep
MAX_ARRAYS_BYTES = 8 << 30  # uncompressed, all arrays of one file
MAX_ARRAYS = 100_000  # entries in one file
MAX_RATIO = 1_100  # deflate cannot do better than 1032 to 1 (zlib's technical notes)
UNPACKED_BYTES, UNPACKED_RATIO = 512 << 20, 64  # beyond the first, arrays that pack better than this are a bomb
PLAIN_KINDS = "biufU"  # booleans, integers, floats and text: no objects, no records
_PLAIN_READING = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe would be waited for
    | getattr(os, "O_BINARY", 0)
)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever it is written
_ENTRY = re.compile(r"[A-Za-z0-9_.:-]+\.npy")
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    tokenize.TokenError,
    EOFError,
    OSError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    ValueError,
    SyntaxError,
    TypeError,
)
RESTORE = "restore the version from where it was made, or package the model again"


def malformed(name: str, why: str, *, code: str = "MW-B110") -> BundleError:
    """Return the error for a file of a version that does not hold what it should."""
    return BundleError(f"'{name}' cannot be used: {why}", fix=RESTORE, code=code)


def check_format(what: str, document: Any, known: int) -> None:
    """Refuse a document whose ``format`` is not the one known.

    Raises
    ------
    BundleError
        Another format, or none (MW-B103).
    """
    number = document.get("format") if isinstance(document, dict) else None
    if number != known or isinstance(number, bool):
        raise BundleError(
            f"{what} is of a format that this release does not know; it knows format {known}",
            fix="update modelwright if a newer release made the version, or restore it",
            code=UNKNOWN_FORMAT,
        )


def read_bytes(path: Path, limit: int) -> bytes:
    """Return the content of a plain file of at most ``limit`` bytes.

    Raises
    ------
    BundleError
        The file is missing (MW-B105), no plain file (MW-B108) or too large (MW-B109).
    """
    try:
        handle = os.open(path, _PLAIN_READING)
    except FileNotFoundError as error:
        raise malformed(path.name, "it is missing", code=MISSING) from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link, a socket
            raise _not_plain(path) from error
        raise _unreadable(path, error) from error
    try:
        status = os.fstat(handle)  # of what is read, whatever has the name by now
        if not stat.S_ISREG(status.st_mode):
            raise _not_plain(path)
        if status.st_size > limit:
            raise malformed(path.name, f"it has {status.st_size:,} bytes, at most {limit:,} make sense", code=TOO_LARGE)
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(status.st_size)
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(handle)


def _not_plain(path: Path) -> BundleError:
    return malformed(path.name, "it is a link or no plain file", code=NOT_PLAIN)


def _unreadable(path: Path, error: OSError) -> BundleError:
    return malformed(path.name, f"it cannot be read ({error.strerror})", code=MISSING)


def write_json(path: Path, document: Any) -> None:
    """Write a document as JSON in a fixed order; a NaN or an infinity in it is refused, for `msgspec` writes null."""
    builtins = msgspec.to_builtins(document)
    _refuse_odd(path.name, builtins)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(builtins, order="deterministic"), indent=1) + b"\n")


def read_json(path: Path, *, limit: int = MAX_JSON_BYTES) -> Any:
    """Return the JSON value in a file.

    Raises
    ------
    BundleError
        Not UTF-8, no JSON, a key that comes twice, NaN, an infinity, a number beyond float64, half a character of
        UTF-16, or nested too deep (MW-B110); missing, no plain file, too large, or of too many values.
    """
    return parse_json(path.name, read_bytes(path, limit))


def parse_json(name: str, data: bytes) -> Any:
    """Return the JSON value in the content of the file ``name``; raises what `read_json` does of it."""
    n_values = sum(map(data.count, (b",", b"[", b"{")))  # each takes 8 to 100 bytes, whatever it is written in
    if n_values > MAX_JSON_VALUES:
        raise malformed(name, f"it holds more than {MAX_JSON_VALUES:,} values", code=TOO_LARGE)
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite
        )
    except (ValueError, RecursionError) as error:  # a JSON and a Unicode error are ValueErrors
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise malformed(name, reason) from error
    _refuse_odd(name, value)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key comes twice in the same object")
    return table


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _refuse_odd(name: str, value: Any) -> None:
    """Refuse NaN, infinities, texts that are none and deep nesting, level by level so that depth costs no stack."""
    level: list[Any] = [value]
    for _ in range(MAX_JSON_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item)
                below.extend(item.values())
            elif isinstance(item, list | tuple):
                below.extend(item)
            elif isinstance(item, str) and not _is_text(item):
                raise malformed(name, "it holds half a character (a lone surrogate of UTF-16)")
            elif isinstance(item, float) and not math.isfinite(item):
                raise malformed(name, "it holds a number that is not finite")
        if not below:
            return
        level = below
    raise malformed(name, "it is nested too deep")


def _is_text(text: str) -> bool:
    """Return whether a text can be written: ``"\\ud800"`` is JSON, and no text."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as ``.npz``, which `numpy.load` reads too; same arrays, same bytes.

    Raises
    ------
    BundleError
        An array holds objects or records, or a name is odd (MW-B111): it could not be read back.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            array = np.asarray(arrays[name])
            if array.dtype.kind not in PLAIN_KINDS or not _ENTRY.fullmatch(f"{name}.npy"):
                raise malformed(path.name, f"the array '{name}' is not plain ({array.dtype})", code="MW-B111")
            info = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            with archive.open(info, "w", force_zip64=True) as entry:
                entry.write(buffer.getbuffer())


def read_arrays(path: Path, *, limit: int = MAX_ARRAYS_BYTES) -> dict[str, np.ndarray]:
    """Return the arrays of an ``.npz`` file, read-only, by name.

    Raises
    ------
    BundleError
        No such archive, damaged, entries with odd or repeated names, objects, a header that does not fit the data
        (MW-B111), more than ``limit`` bytes when unpacked, or far more than its own size (MW-B109), missing or no
        plain file.
    """
    return _each_entry(path, limit, _read_array)


def check_arrays(path: Path, *, limit: int = MAX_ARRAYS_BYTES) -> int:
    """Check names, headers and sizes in an ``.npz`` file without unpacking its data; raises what `read_arrays` does.

    Returns
    -------
    int
        Bytes that it holds when unpacked.
    """

    def size_of(entry: IO[bytes], size: int) -> int:
        _read_header(entry, size)
        return size

    return sum(_each_entry(path, limit, size_of).values())


def is_bomb(packed: int, unpacked: int) -> bool:
    """Return whether so many bytes of archives stand for more than arrays of a model ever do.

    Of a thousand archives of models the best packed one grew eightfold; deflate reaches a thousandfold, of zeros.
    """
    return unpacked > max(UNPACKED_BYTES, UNPACKED_RATIO * packed)


def _each_entry(path: Path, limit: int, read: Callable[[IO[bytes], int], T]) -> dict[str, T]:
    """Return what ``read`` makes of each entry, given its stream and size; what it raises becomes a BundleError."""
    data = read_bytes(path, limit)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
            _check_entries(path.name, listed, limit)
            found = {}
            for info in listed:
                with archive.open(info) as entry:
                    found[info.filename.removesuffix(".npy")] = read(entry, info.file_size)
    except _DAMAGED as error:
        raise malformed(path.name, f"it is no archive of plain arrays ({error})", code="MW-B111") from error
    return found


def _check_entries(name: str, entries: list[zipfile.ZipInfo], limit: int) -> None:
    names = {info.filename for info in entries}
    if len(entries) > MAX_ARRAYS or len(names) < len(entries) or not all(_ENTRY.fullmatch(n) for n in names):
        raise malformed(name, "its entries have odd or repeated names, or are too many", code="MW-B111")
    if any(
        info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in entries
    ):
        raise malformed(name, "an entry is encrypted or packed in an unusual way", code="MW-B111")
    total = sum(info.file_size for info in entries)
    lies = any(info.file_size > MAX_RATIO * info.compress_size + 64 for info in entries)
    if total > limit or lies or is_bomb(sum(info.compress_size for info in entries), total):
        raise malformed(name, f"it announces {total:,} bytes of arrays", code=TOO_LARGE)


def _read_array(entry: IO[bytes], size: int) -> np.ndarray:
    shape, fortran, dtype = _read_header(entry, size)
    count = math.prod(shape)
    expected = count * dtype.itemsize
    content = entry.read(expected)
    if len(content) != expected or entry.read(1):
        raise ValueError("an entry is shorter or longer than announced")
    flat = np.frombuffer(content, dtype) if expected else np.zeros(count, dtype)
    return flat.reshape(shape, order="F" if fortran else "C")


def _read_header(entry: IO[bytes], size: int) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(entry)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(entry)
    elif version == (2, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(entry)
    else:
        raise ValueError(f"arrays of numpy's format {version} are not used here")
    if dtype.hasobject or dtype.kind not in PLAIN_KINDS or dtype.names is not None:
        raise ValueError(f"an array of {dtype} is not plain")
    if any(n < 0 for n in shape) or math.prod(shape) * dtype.itemsize != size - entry.tell():
        raise ValueError("the shape of an array does not fit its data")
    return shape, fortran, dtype
