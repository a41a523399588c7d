"""Strict JSON and plain arrays: what was written comes back, and nothing odd gets in."""

from __future__ import annotations

import contextlib
import io
import math
import os
import pickle
import socket
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from modelwright.errors import BundleError
from modelwright.runtime import storage
from modelwright.runtime.storage import check_arrays, read_arrays, read_bytes, read_json, write_arrays, write_json

PLAIN = st.sampled_from([np.dtype(t) for t in ("f8", "f4", "i4", "i8", "u1", "?", "U3")])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9:._-]{1,9}", fullmatch=True),
        PLAIN.flatmap(lambda d: npst.arrays(d, npst.array_shapes(min_dims=0, min_side=0, max_side=4))),
        max_size=4,
    )
)
def test_arrays_come_back_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, arrays: dict) -> None:
    path = tmp_path_factory.mktemp("arrays") / "a.npz"
    write_arrays(path, arrays)
    check_arrays(path)
    back = read_arrays(path)
    assert set(back) == set(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype and back[name].shape == array.shape
        assert back[name].tobytes() == array.tobytes()
    with np.load(path, allow_pickle=False) as stored:
        assert set(stored.files) == set(arrays)


def test_columns_in_fortran_order_come_back(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    write_arrays(tmp_path / "a.npz", {"x": array})
    assert np.array_equal(read_arrays(tmp_path / "a.npz")["x"], array)


@settings(max_examples=60)
@given(JSON)
def test_json_comes_back(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = tmp_path_factory.mktemp("json") / "a.json"
    write_json(path, value)
    assert read_json(path) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"a": 1, "a": 2}', "twice"),
        (b"[NaN]", "no JSON"),
        (b"[-Infinity]", "no JSON"),
        (b"[1e999]", "too large"),
        (b"[" * 100_000 + b"]" * 100_000, "too deep"),
        (b"[" * 100 + b"]" * 100, "too deep"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "too deep"),
        (b"[" + b"9" * 5000 + b"]", "digits"),
        (b'["\xff"]', "utf-8"),
        (b'["\\ud800"]', "half a character"),
        (b'{"a": {"\\udfff": 1}}', "half a character"),
        (b"", "Expecting"),
        (b'{"a": 1} x', "Extra data"),
    ],
)
def test_odd_json_is_refused(text: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(BundleError, match=rf"{why}.* MW-B110"):
        read_json(tmp_path / "a.json")


def test_characters_beyond_16_bits_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'["\\ud83d\\ude00", "\\u00e9"]')
    assert read_json(tmp_path / "a.json") == ["\U0001f600", "\u00e9"]


def test_values_are_counted_before_they_take_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three bytes of JSON make an empty list of 64."""
    monkeypatch.setattr(storage, "MAX_JSON_VALUES", 100)
    (tmp_path / "a.json").write_bytes(b"[" + b"[]," * 30 + b"1]")
    assert len(read_json(tmp_path / "a.json")) == 31
    (tmp_path / "a.json").write_bytes(b"[" + b"[]," * 60 + b"1]")
    with pytest.raises(BundleError, match=r"more than 100 values .* MW-B109"):
        read_json(tmp_path / "a.json")


def test_arrays_of_zeros_are_no_bomb_while_they_are_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an archive really holds may be a thousand times its size: refused before it is unpacked, once it is much."""
    write_arrays(tmp_path / "a.npz", {"x": np.zeros(100_000)})
    assert (tmp_path / "a.npz").stat().st_size < 2_000
    assert check_arrays(tmp_path / "a.npz") > 800_000
    monkeypatch.setattr(storage, "UNPACKED_BYTES", 1 << 16)
    for read in (read_arrays, check_arrays):
        with pytest.raises(BundleError, match=r"announces 800,\d+ bytes .* MW-B109"):
            read(tmp_path / "a.npz")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_have_are_not_written_as_null(number: float, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not finite"):
        write_json(tmp_path / "a.json", {"a": [1.0, number]})


def test_files_are_bounded_plain_and_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_bytes(tmp_path / "a", 5) == b"12345"
    for name, limit, code in (("a", 4, "MW-B109"), ("link", 9, "MW-B108"), ("b", 9, "MW-B105"), (".", 9, "MW-B108")):
        with pytest.raises(BundleError) as caught:
            read_bytes(tmp_path / name, limit)
        assert caught.value.code == code


def test_what_was_looked_at_is_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name may come to stand for another file between a look and the reading."""
    path, other = tmp_path / "a", tmp_path / "other"
    path.write_bytes(b"12345")
    other.write_bytes(b"0" * 100)

    def swapping(look: Any) -> Any:
        def swapped(place: Any, *args: Any, **more: Any) -> os.stat_result:
            found = look(place, *args, **more)
            path.unlink()
            path.symlink_to(other)
            return found

        return swapped

    with monkeypatch.context() as patch:
        for name in ("fstat", "lstat", "stat"):
            patch.setattr(os, name, swapping(getattr(os, name)))
        content = read_bytes(path, 5)
    assert content == b"12345"
    assert path.is_symlink()


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for name in ("pipe", "socket"):
            with pytest.raises(BundleError) as caught:
                read_bytes(tmp_path / name, 9)
            assert caught.value.code == "MW-B108"


def test_handles_are_closed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    before = os.listdir("/dev/fd")
    for name, limit in (("a", 5), ("a", 4), (".", 5)):
        with contextlib.suppress(BundleError):
            read_bytes(tmp_path / name, limit)
    assert len(os.listdir("/dev/fd")) == len(before)


def header(shape: str, descr: str = "'<f8'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (63 - (len(text) + 10) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def archive(entries: dict[str, bytes], **options: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", options.get("packed", zipfile.ZIP_DEFLATED)) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return buffer.getvalue()


def objects() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([{"a": 1}], object))
    return buffer.getvalue()


def repeated() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made, pytest.warns(UserWarning, match="Duplicate"):
        made.writestr("x.npy", header("(0,)"))
        made.writestr("x.npy", header("(0,)"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps({"x": 1}),
        b"",
        b"PK\x03\x04 no archive",
        objects(),
        repeated(),
        archive({"x.npy": header("(10000000000000,)")}),
        archive({"x.npy": header("(3,)") + b"\0" * 16}),
        archive({"x.npy": header("(1,)") + b"\0" * 16}),
        archive({"x.npy": header("(-1,)") + b"\0" * 8}),
        archive({"x.npy": header("(1,)", "'|O'") + pickle.dumps(1)}),
        archive({"x.npy": header("(1,)", "[('a', '<f8')]") + b"\0" * 8}),
        archive({"x.npy": header("(1,)", "'<c16'") + b"\0" * 16}),
        archive({"x.npy": header("__import__('os')")}),
        archive({"x.npy": b"no header"}),
        archive({"x.txt": header("(0,)")}),
        archive({"../x.npy": header("(0,)")}),
        archive({"x.npy": header("(1,)") + b"\0" * 8}, packed=zipfile.ZIP_LZMA),
    ],
)
def test_odd_archives_are_refused_before_memory_is_taken(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    for read in (read_arrays, check_arrays):
        with pytest.raises(BundleError, match="MW-B111"):
            read(path)


def test_a_small_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npz"
    write_arrays(path, {"x": np.zeros(100_000)})
    read_arrays(path)
    with pytest.raises(BundleError, match="MW-B109"):
        read_arrays(path, limit=500_000)
    monkeypatch.setattr(storage, "MAX_RATIO", 2)
    with pytest.raises(BundleError, match="MW-B109"):
        read_arrays(path)


def test_objects_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not plain"):
        write_arrays(tmp_path / "a.npz", {"x": np.array([None], object)})


@settings(max_examples=150)
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_changed_byte_gives_the_same_arrays_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, place: int, flip: int
) -> None:
    path = tmp_path_factory.mktemp("flip") / "a.npz"
    arrays = {"x": np.arange(40.0), "y": np.array(["ab", "c"])}
    write_arrays(path, arrays)
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= flip
    path.write_bytes(content)
    try:
        back = read_arrays(path)
    except BundleError:
        return
    for name in set(back) & set(arrays):
        assert np.array_equal(back[name], arrays[name])
