"""Texts without what says who somebody is: addresses of all sorts, numbers of persons, names.

Whatever has the form of something personal goes, without asking its check digits: a number too much in brackets costs
a text little. Names are found by what stands before them (*Mr*, *Dr*), by frequent given names, and by words that the
table itself shows to be names (its column of names): a rare name that nothing announces cannot be told from a town, and
stays. Policies under which that may not be drop texts altogether.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from modelwright.data.personal.given import GIVEN
from modelwright.data.personal.shapes import SHAPES

__all__ = ["NAME", "capitalised_words", "name_words", "redacted", "with_words", "without_names"]

NAME = "[name]"

LONGEST = 20_000
"""Characters of a text that are looked at; what comes after is cut off, not let through."""

AMBIGUOUS = frozenset(("mark", "frank", "jan", "christian", "jack", "li", "ali", "will", "may", "carol", "min", "an"))
"""Given names that are other words, too: alone they are no name."""

SHORTEST_NAME = 3

# Every repetition is bounded, or a text without blanks would take time by the square of its length.
_CAPITALISED = r"[^\W\d_a-zà-öø-ÿ][^\W\d_]{0,40}(?:['’-][^\W\d_]{1,40}){0,3}"
_HONORIFIC = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam|Herrn?|Frau|Mme|M|Sr|Sra|Señora?|Dhr|Mevr|Signora?|Sig)"
_ANNOUNCED = re.compile(rf"\b({_HONORIFIC}\.?) {_CAPITALISED}(?: {_CAPITALISED}){{0,2}}")
_TITLED = re.compile(rf"\b({_CAPITALISED})((?: [^\W\d_a-z]\.)?(?: {_CAPITALISED}){{0,2}})")
_WORD = re.compile(_CAPITALISED)

_STREETS = (
    "Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Terrace|Crescent|Highway|Hwy|"
    "Square|Sq|Close|Way|Circle|Parkway|Pkwy|Trail|Loop|Grove"
)
_GERMANIC = "straße|strasse|str\\.|weg|gasse|allee|platz|straat|laan|gatan|vägen|vej"
_ROMANCE = "[Rr]ue|[Cc]alle|[Aa]venida|[Pp]laza|[Pp]aseo|[Rr]ua|[Vv]ia|[Vv]iale|[Pp]iazza|[Cc]orso"
_ADDRESS = re.compile(
    rf"\b\d{{1,6}}[A-Za-z]?(?:[-/]\d+)?,? (?:[^\W\d_][\w'’.-]{{0,40}} ){{1,4}}(?:{_STREETS})\b\.?"
    rf"|\b(?:[^\W\d_][\w'’-]{{0,40}} )?[^\W\d_][\w'’-]{{0,40}}(?:{_GERMANIC}) \d{{1,4}}[a-z]?\b"
    rf"|\b(?:{_ROMANCE}) (?:[^\W\d_][\w'’-]{{0,40}},? ){{1,5}}\d{{1,5}}\b"
    rf"|\b\d{{1,4}},? (?:{_ROMANCE}) (?:[^\W\d_][\w'’-]{{0,40}} ?){{1,4}}"
)
_URL = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_NETWORK = re.compile(
    r"(?<![\w:.-])(?:(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{1,4}:){3,7}:?[0-9A-Fa-f]{1,4}"
    r"|\d{1,3}(?:\.\d{1,3}){3})(?![\w:])"
)
_HANDLE = re.compile(r"(?<![\w.@])@\w{2,}")
_DIGITS = re.compile(r"(?<!\w)[+(]{0,2}\d(?:[ ./()-]{0,2}\d){6,}(?!\w)", re.ASCII)
_CODE = re.compile(r"(?<!\w)(?=(?:[A-Za-z-]{0,6}\d){5,})[A-Za-z0-9-]{6,40}(?!\w)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}", re.ASCII)


def redacted(text: str) -> str:
    """Return the text with a word in brackets in the place of everything personal."""
    text = text[:LONGEST]
    text = _URL.sub("[web address]", text)
    for shape in SHAPES:
        if shape.within is not None:
            text = shape.within.sub(f"[{shape.name}]", text)
    text = _NETWORK.sub("[network address]", text)
    text = _HANDLE.sub("[user name]", text)
    text = _ADDRESS.sub("[postal address]", text)
    for pattern in (_DIGITS, _CODE):
        text = pattern.sub(_unless_date, text)
    text = _ANNOUNCED.sub(rf"\1 {NAME}", text)
    return _TITLED.sub(_named, text)


def without_names(text: str, known: Collection[str]) -> str:
    """Return the text without capitalised words that are known to be names, see `name_words`."""
    return _WORD.sub(lambda found: NAME if found[0].casefold() in known else found[0], text)


def with_words(text: str, known: Collection[str]) -> str:
    """Return the text without capitalised words other than those known, see `capitalised_words`."""
    return _WORD.sub(lambda found: found[0] if found[0].casefold() in known else NAME, text)


def capitalised_words(values: Iterable[str]) -> frozenset[str]:
    """Return the capitalised words that stand in texts, without case."""
    return frozenset(word.casefold() for value in values for word in _WORD.findall(value))


def name_words(values: Iterable[str]) -> frozenset[str]:
    """Return the words that names consist of, without case."""
    return frozenset(word for word in capitalised_words(values) if len(word) >= SHORTEST_NAME)


def _unless_date(found: re.Match[str]) -> str:
    return found[0] if _DATE.fullmatch(found[0].strip()) else "[number]"


def _named(found: re.Match[str]) -> str:
    """Replace a frequent given name, and the family name behind it."""
    first, rest = found[1], found[2]
    if first.casefold() not in GIVEN:
        # "Dear Maria Lopez", "The Johnsons": the name may begin further on.
        return found[0] if not rest else first + _TITLED.sub(_named, rest)
    if not rest.strip() and first.casefold() in AMBIGUOUS:
        return found[0]
    return NAME
