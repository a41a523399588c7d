"""Texts that were read with the wrong encoding, or escaped once too often, and what they should say.

UTF-8 read as Windows-1252 turns every other letter into two or three (é into Ã©): the run of letters that comes out
is itself valid UTF-8 once it is written back, which honest text is not. Only leads of common scripts are believed;
two honest neighbours (É» in French capitals) are no such run.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

__all__ = ["Garbled", "garbled"]


def _shown_as(byte: int) -> str:
    """Return the letter as which Windows-1252 shows a byte, Latin-1 where it has none."""
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


_BYTES = {_shown_as(b): b for b in range(0x80, 0x100)} | {chr(b): b for b in range(0x80, 0x100)}
_TAIL = "[" + re.escape("".join(c for c, b in _BYTES.items() if b < 0xC0)) + "]"
# Latin (Â Ã Ä Å) alone, and two marks (Ë) that show where it went wrong twice; Greek and Cyrillic in pairs at least;
# three and four bytes (quotes, dashes, €, emoji) alone.
_MOJIBAKE = re.compile(f"[ÂÃÄÅ]{_TAIL}|Ë[†œ]|(?:[ÎÏÐÑ]{_TAIL}){{2,}}|[à-ï]{_TAIL}{{2}}|ð{_TAIL}{{3}}")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8}\d?);")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2})")
_BREAK = re.compile(r"\\r\\n|\\[nrt](?![a-z])|(?<=[^\s\\])\\n(?=[A-Z])")
_PERCENT = re.compile(r"(?:%[0-9A-F]{2})+")
_ADDRESS = re.compile(r"://|www\.|[?=/]")
_PATH = re.compile(r"(?:[A-Za-z]:\\|\\\\)")
# Joiners are not here: emoji and several scripts need them.
_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MAX_ROUNDS = 3  # encoded wrongly twice is seen, more often is not


Garbled = tuple[str, str]
"""What is wrong in words, and what the text should be; the latter empty where it is lost."""


def garbled(text: str) -> Garbled | None:
    """Return what is wrong with a text and what it should be, None where nothing is."""
    if "\ufffd" in text:
        return "letters that were lost (�)", ""
    if not text.isascii():
        right = _unmojibake(text)
        if right != text:
            return "letters read with the wrong encoding", right
        if _INVISIBLE.search(text):
            return "invisible characters", _INVISIBLE.sub("", text)
    for mark, what, repair in _MARKS:
        if mark in text and (right := repair(text)) != text:
            return what, right
    if not text.isprintable() and _INVISIBLE.search(text):
        return "invisible characters", _INVISIBLE.sub("", text)
    return None


def _unmojibake(text: str) -> str:
    for _ in range(MAX_ROUNDS):
        right = _MOJIBAKE.sub(_written_back, text)
        if right == text:
            break
        text = right
    return text.replace("\ufeff", "")


def _written_back(match: re.Match[str]) -> str:
    try:
        return bytes(_BYTES[c] for c in match[0]).decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def _entities(text: str) -> str:
    return _ENTITY.sub(lambda m: html.unescape(m[0]), text)


def _escapes(text: str) -> str:
    if _PATH.match(text):
        return text
    right = _ESCAPE.sub(lambda m: chr(int(m[0][2:], 16)), text)
    return _BREAK.sub(lambda m: "\t" if m[0] == "\\t" else "\n", right)


def _percents(text: str) -> str:
    if _ADDRESS.search(text):
        return text

    def decoded(match: re.Match[str]) -> str:
        try:
            return bytes.fromhex(match[0].replace("%", "")).decode("utf-8")
        except UnicodeDecodeError:
            return match[0]

    return _PERCENT.sub(decoded, text)


_MARKS: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("&", "HTML entities", _entities),
    ("\\", "escapes written out", _escapes),
    ("%", "letters of a web address", _percents),
)
