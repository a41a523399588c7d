"""Which encoding a text is in.

Files that were put together from others are UTF-8 in some lines and Windows-1252 in the rest. `MIXED` is the codec for
these: bytes are UTF-8 wherever they can be, else Windows-1252. What is said in Windows-1252 is next to never UTF-8 by
chance: a capital "Â" to "ß" would have to stand before a sign.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

from modelwright.errors import DataError

__all__ = ["MIXED", "MIXED_NOTE", "detect_encoding", "encoding_of_stream"]

MIXED = "utf-8-or-cp1252"
MIXED_NOTE = "some lines are UTF-8 and others Windows-1252: each character was read as what it is"

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What Western texts in Windows-1252 hold beyond ASCII: letters with accents, quotation marks, dashes, signs of money.
_WESTERN = re.compile(r"[\x00-\x7fÀ-ÖØ-öø-ÿŒœŠšŽžŸ€£¥¢§©®°±²³µ·º¼½¾«»‘’“”„‚–—…•™‰†‹›ª´\xa0¿¡]*")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1e]")  # \x1f, \x01 and \x1b: see MAX_CONTROL
MAX_CONTROL = 0.01
"""Share of control characters from which content is no text (the rule of `file(1)`, softened for separators)."""

UTF16_ZEROS = 0.2
"""Share of zero bytes at even or at odd positions that tells UTF-16 without a mark: Latin text has one half."""

JUDGED_LINES, JUDGED_BYTES = 200_000, 1 << 18
"""Of a text that is not UTF-8: the lines from which those that are not ASCII are taken, and how much of them."""

MIN_UTF8_BESIDE_WESTERN, MOSTLY_UTF8 = 0.02, 0.5
"""Shares of lines in UTF-8, of those that are not ASCII, from which a text is a mixture: where all other bytes are
Western in Windows-1252, and whatever they are. Of East Asian lines of one character some 18 % are UTF-8 by chance."""


def detect_encoding(data: bytes, name: str, *, whole: bool) -> str:
    """Return the name of a Python codec that decodes ``data``.

    Parameters
    ----------
    data : bytes
        The text, or its start.
    name : str
        Of the file, for the error.
    whole : bool
        Whether ``data`` is all of the text; a start may end within a character.

    Raises
    ------
    DataError
        The content is no text.
    """
    _make_mixed_known()
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    head = data[: 1 << 16]
    even, odd = head[::2].count(0) / max(len(head[::2]), 1), head[1::2].count(0) / max(len(head[1::2]), 1)
    if max(even, odd) >= UTF16_ZEROS and min(even, odd) < UTF16_ZEROS / 4:
        return "utf-16-be" if even > odd else "utf-16-le"
    if b"\x00" in head or len(_CONTROL.findall(head)) > MAX_CONTROL * len(head):
        raise not_text(name)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=whole)
    except UnicodeDecodeError:
        lines = data if whole else data[: data.rfind(b"\n") + 1]  # the last may end within a character
        return _legacy(data if lines.isascii() else lines, name)
    return "utf-8"


def encoding_of_stream(lines: Iterable[bytes], name: str) -> str:
    """Return what `detect_encoding` does for all of a text whose start looks like UTF-8 and that is none, given its
    lines; a part of them is held."""
    odd: list[bytes] = []
    size = 0
    for line in islice(lines, JUDGED_LINES):
        if not line.isascii():
            odd.append(line.rstrip(b"\n"))
            size += len(line)
            if size > JUDGED_BYTES:
                break
    return _legacy(b"\n".join(odd), name)


def not_text(name: str) -> DataError:
    """Return the error for content that is no text."""
    return DataError(
        f"'{name}' holds binary data, not a table of text",
        fix="give the file its real extension, or export it as CSV or Parquet",
        code="MW-D114",
    )


def _legacy(data: bytes, name: str) -> str:
    """Return an 8-bit or East Asian encoding, judged by the lines that are not ASCII."""
    odd = [line for line in data.split(b"\n")[:JUDGED_LINES] if not line.isascii()]
    odd = odd[:: 1 + sum(map(len, odd)) // JUDGED_BYTES]  # all over the text: it may be of one encoding up to a line
    lines = b"\n".join(odd)
    if odd and _is_mixed(odd):
        return MIXED
    try:
        if _WESTERN.fullmatch(lines.decode("cp1252")):
            return "cp1252"
    except UnicodeDecodeError:
        pass  # not Windows-1252
    from charset_normalizer import from_bytes

    best = from_bytes(lines).best()
    if best is None:
        if len(re.findall(rb"[\x80-\xff]", lines)) > len(lines) / 2:
            raise not_text(name)
        return "latin-1"
    return best.encoding


def _is_mixed(lines: list[bytes]) -> bool:
    """Return whether some lines are UTF-8 and others are not, given those that are not ASCII."""
    n_utf8 = n_other = 0
    other = bytearray()
    for line in lines:
        text = line.decode("utf-8", errors="surrogateescape")
        found = [ord(c) - 0xDC00 for c in text if "\udc80" <= c <= "\udcff"]
        n_utf8, n_other = n_utf8 + (not found), n_other + bool(found)
        other.extend(found)
    share = n_utf8 / (n_utf8 + n_other)
    if share >= MOSTLY_UTF8:
        return True
    return share >= MIN_UTF8_BESIDE_WESTERN and _WESTERN.fullmatch(other.decode("cp1252", errors="replace")) is not None


class _MixedDecoder(codecs.BufferedIncrementalDecoder):
    """Decoder of `MIXED`; it knows no errors."""

    def _buffer_decode(self, data: Any, errors: str, final: bool) -> tuple[str, int]:
        return codecs.utf_8_decode(data, MIXED, final)


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Return bytes that are not UTF-8 as Windows-1252, as a handler of errors is asked to."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


def _make_mixed_known() -> None:
    """Make `MIXED` a codec of this process, once, so that whatever takes the name of an encoding takes it, too."""
    try:
        codecs.lookup(MIXED)
    except LookupError:
        codecs.register_error(MIXED, _as_cp1252)
        codecs.register(_find_mixed)


def _find_mixed(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != MIXED:
        return None
    return codecs.CodecInfo(
        codecs.utf_8_encode, lambda data, _="": codecs.utf_8_decode(data, MIXED, True), None, None, None,
        _MixedDecoder, name=MIXED,
    )  # fmt: skip
