"""Telephone numbers as they are dialled within a country, by the form that a column of them has in common.

An international number says what it is (`modelwright.data.personal.shapes`). One that is dialled at home is digits in
groups, as dates, seasons, article numbers and amounts are, and only a whole column tells: most countries dial a zero
first and never a second one behind it, numbers have eight to thirteen digits, and they are no dates. Where the name of
the column speaks of reaching somebody, digits in groups are enough. Forms are those that the national formats of all
countries have (ITU-T E.164 and E.123 for the lengths and the separators).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from modelwright.data.inference.names import words

__all__ = ["LEAST_SHARE", "dialled_share", "says_phone", "says_reaching"]

LEAST_SHARE = 0.8
"""Of the different values, so many must be numbers."""

FIRST_LOOK, FIRST_SHARE = 40, 0.5
"""Values looked at first, and the share of them below which nobody looks further: of 40 values from a column of which
four in five are numbers, so few are with a chance of one in 100,000."""

HOME_DIGITS = (8, 13)
"""Digits of a number with the zero that is dialled first; E.164 allows fifteen with the country's."""

ANY_DIGITS, REACHING_DIGITS = (6, 15), (7, 15)

LEAST_GROUPS = 3
"""Without the zero, groups tell: numbers of articles and accounts mostly have fewer."""

MOST_PATTERNS = 6
"""Ways of grouping that a column of numbers has at most; amounts and codes of all lengths have more."""

_PHONE = words(
    "phone phones telephone telephones telefon telefono telefone tel tele tlf tlfn fon mobile mobil movil celular "
    "cellulare cell handy handynummer rufnummer fax cellphone gsm msisdn puhelin telefoon telefonnummer phonenumber "
    "komorka kinito whatsapp sms durchwahl телефон мобильный τηλεφωνο"
)
_STEMS = re.compile(r"phone|telef|telnr|telno|handynr|rufnum|cellular|cellno|mobilno|mobileno|mobilenum|msisdn")
_REACHING = words(
    "contact contacts kontakt contacto contatto contato reach reached reachable callback call ring dial erreichbar "
    "hotline line extension ruckruf joindre ligne llamada chiamata"
)
_LABELLED = re.compile(r"(?:tel|phone|ph|mob|mobile|mobil|fax|cell|fon|tlf)[.: ]{0,2}\s*", re.IGNORECASE)
_EXTENDED = re.compile(r"\s*(?:ext|x|dw|app)\.?\s*\d{1,5}$", re.IGNORECASE)
_DIALLED = re.compile(r"[+(]{0,2}\d[\d\s()./–-]*\d")
_DATE = re.compile(r"\d{1,2}([./ -])\d{1,2}\1(?:\d{2}|\d{4})|\d{4}([./ -])\d{1,2}\2\d{1,2}")
_YEARS = re.compile(r"(?:18|19|20)\d\d[ /-]{1,3}(?:18|19|20)\d\d")
_BOOK = re.compile(r"97[89][ -]")
_DECIMAL = re.compile(r"\d+\.\d+")
_MEASURED = re.compile(r"-?\d+\.\d+")


def says_phone(parts: tuple[str, ...]) -> bool:
    """Return whether the words of a column's name say telephone, as words or within one (``"workphone"``)."""
    return bool(_PHONE & set(parts)) or _STEMS.search("".join(parts)) is not None


def says_reaching(parts: tuple[str, ...]) -> bool:
    """Return whether they speak of reaching somebody, which may be by telephone or not (``"contact"``)."""
    return bool(_REACHING & set(parts))


def dialled_share(
    texts: Sequence[str], parts: tuple[str, ...], *, groups: bool = False, least: float = LEAST_SHARE
) -> float:
    """Return the share of texts that are numbers as they are dialled, 0 where the column has not the form of them.

    Parameters
    ----------
    texts : sequence of str
        Different values of a column.
    parts : tuple of str
        The folded words of its name.
    groups : bool
        Take `LEAST_GROUPS` groups of digits for a number where no zero is dialled first, whatever the name says.
    least : float
        The share below which 0 is returned, where the name says nothing.
    """
    if len(texts) > 2 * FIRST_LOOK and not (says_phone(parts) or says_reaching(parts)):
        few = texts[:: len(texts) // FIRST_LOOK]
        if dialled_share(few, parts, groups=groups, least=FIRST_SHARE) == 0.0:
            return 0.0
    bare = [_bare(t) for t in texts]
    if says_phone(parts):
        return _share(_has_digits(t, ANY_DIGITS) for t in bare)
    if says_reaching(parts):
        return _share(_has_digits(t, REACHING_DIGITS) for t in bare)
    home = _share(_begins_with_zero(t) for t in bare)
    if home < least and groups and len({_pattern(t) for t in bare if t}) <= MOST_PATTERNS:
        home = _share(_begins_with_zero(t) or _is_grouped(t) for t in bare)
    return home if home >= least else 0.0


def _share(said: Iterable[bool]) -> float:
    found = list(said)
    return float(np.mean(found)) if found else 0.0


def _bare(text: str) -> str:
    """Return a number without the word before it and the extension behind it, ``""`` for what is none."""
    if _MEASURED.fullmatch(text) is not None:  # quickly said of most numbers
        return ""
    text = _EXTENDED.sub("", _LABELLED.sub("", text.strip(), count=1))
    others = (_DATE.fullmatch(text), _YEARS.fullmatch(text), _DECIMAL.fullmatch(text), _BOOK.match(text))
    return "" if _DIALLED.fullmatch(text) is None or any(others) else text


def _groups(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def _pattern(text: str) -> tuple[int, ...]:
    return tuple(len(g) for g in _groups(text))


def _has_digits(text: str, allowed: tuple[int, int]) -> bool:
    return allowed[0] <= sum(_pattern(text)) <= allowed[1]


def _begins_with_zero(text: str) -> bool:
    """Return whether a zero is dialled first, as ``"0170/4530573"``, ``"(030) 123456"`` or ``"06 12 34 56 78"``."""
    found = _groups(text)
    if len(found) < 2 or not _has_digits(text, HOME_DIGITS):
        return False
    area = found[0] if len(found[0]) > 1 else found[0] + found[1]
    return area[0] == "0" and area[1:2] not in ("", "0") and len(set("".join(found))) > 2


def _is_grouped(text: str) -> bool:
    found = _pattern(text)
    return len(found) >= LEAST_GROUPS and max(found) <= 5 and _has_digits(text, HOME_DIGITS)
