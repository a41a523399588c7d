"""What the values of personal data look like: addresses, telephone numbers, and identity numbers with check digits.

A check digit alone proves nothing: one random number in ten or in eleven has the right one. So every shape says how
often chance alone makes it (`Shape.chance`), and whoever counts matches asks for far more than that.

Shapes are matched against a whole value; those that may stand in a sentence (`Shape.within`) can also be searched for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

__all__ = ["SHAPES", "Shape", "is_written_identity", "matching"]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What one kind of personal value looks like.

    Attributes
    ----------
    name : str
        ``"e-mail address"``, for a sentence.
    plural : str
    pattern : re.Pattern
        What a whole value matches.
    holds : callable or None
        Whether the check digits are right, given the value without blanks, dots, dashes and slashes.
    chance : float
        Share of values that match by chance among those written alike.
    spoken : bool
        The shape alone says what it is, whatever the column is called; others need a column name that agrees
        (nine digits are a social security number or anything else).
    words : frozenset of str
        Words of column names that agree; empty for shapes that speak for themselves.
    within : re.Pattern or None
        What to search for in a sentence.
    """

    name: str
    plural: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] | None = None
    chance: float = 0.0
    spoken: bool = True
    words: frozenset[str] = frozenset()
    within: re.Pattern[str] | None = None

    def matches(self, text: str) -> bool:
        """Return whether a whole value is one."""
        text = text.strip()
        return self.pattern.fullmatch(text) is not None and (self.holds is None or self.holds(bare(text)))

    def occurs_in(self, text: str) -> bool:
        """Return whether one stands in a sentence."""
        if self.within is None:
            return False
        return any(self.holds is None or self.holds(bare(found[0])) for found in self.within.finditer(text))


def bare(text: str) -> str:
    """Return a number without what people write between its digits."""
    return re.sub(r"[\s./-]", "", text).upper()


# ------------------------------------------------------------------------------------------------- check digits


def luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others (ISO/IEC 7812-1)."""
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def weighted(digits: str, weights: Iterable[int]) -> int:
    """Return the weighted sum of the leading digits."""
    return sum(int(d) * w for d, w in zip(digits, weights, strict=False))


def _card(digits: str) -> bool:
    # Issuers: Visa, Mastercard, American Express, Discover, JCB, Diners (ISO/IEC 7812 issuer numbers).
    issuer = re.match(
        r"4|5[1-5]|2(22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|6(011|4[4-9]|5)|35(2[89]|[3-8])|3(0[0-5]|6|8)", digits
    )
    return issuer is not None and len(set(digits)) > 2 and luhn(digits)


_IBAN_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 "
    "FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 "
    "LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SE24 SI19 SK24 "
    "SM27 TN24 TR26 UA29 VA22 VG24 XK20"
)
_IBAN = {entry[:2]: int(entry[2:]) for entry in _IBAN_LENGTHS.split()}


def _iban(text: str) -> bool:
    """ISO 13616: the length of the country, and the number read with letters as 10 … 35 leaves 1 modulo 97."""
    if _IBAN.get(text[:2]) != len(text):
        return False
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def _ssn(digits: str) -> bool:
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"


def _nhs(digits: str) -> bool:
    check = 11 - weighted(digits[:9], range(10, 1, -1)) % 11
    return check != 10 and check % 11 == int(digits[9]) and len(set(digits)) > 2


def _cpf(digits: str) -> bool:
    first = weighted(digits[:9], range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(digits[:10], range(11, 1, -1)) * 10 % 11 % 10
    return len(set(digits)) > 1 and digits[9:] == f"{first}{second}"


def _dni(text: str) -> bool:
    number = text[:-1].translate(str.maketrans("XYZ", "012"))
    return number.isdigit() and text[-1] == "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21]
        + [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23],
        strict=True,
    )
)


def _codice_fiscale(text: str) -> bool:
    even = sum(int(c) if c.isdigit() else ord(c) - 65 for c in text[1:15:2])
    return (sum(_ODD[c] for c in text[0:15:2]) + even) % 26 == ord(text[15]) - 65


def _nir(text: str) -> bool:
    number = text[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(text[13:])


def _pesel(digits: str) -> bool:
    return (10 - weighted(digits[:10], (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10) % 10 == int(digits[10])


def _bsn(digits: str) -> bool:
    return (weighted(digits, range(9, 1, -1)) - int(digits[8])) % 11 == 0 and len(set(digits)) > 1


def _personnummer(text: str) -> bool:
    digits = re.sub(r"\D", "", text)[-10:]
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) <= 31 and luhn(digits)


def _rijksregister(digits: str) -> bool:
    return int(digits[9:]) in (97 - int(digits[:9]) % 97, 97 - int("2" + digits[:9]) % 97)


def _steuer_id(digits: str) -> bool:
    """ISO/IEC 7064, MOD 11,10."""
    product = 10
    for digit in digits[:10]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return digits[0] != "0" and (11 - product) % 10 == int(digits[10])


def _resident_id(text: str) -> bool:
    """GB 11643: ISO 7064, MOD 11-2."""
    return "10X98765432"[weighted(text[:17], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11] == text[17]


def _phone(digits: str) -> bool:
    return 8 <= len(digits.lstrip("+")) <= 15 and len(set(digits)) > 3


# ------------------------------------------------------------------------------------------------------- shapes

_EMAIL = r"[\w.+'-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
# An international number, one with the area in brackets, or groups with separators. Digits alone may be anything.
_PHONE = (
    r"(?:\+|00)\d{1,3}[\s./-]?(?:\(?\d{1,4}\)?[\s./-]?){2,6}\d|\(\d{2,5}\)\s?\d{2,5}(?:[\s./-]\d{2,5}){0,3}"
    r"|(?:1[.-])?[2-9]\d{2}([.-])[2-9]\d{2}\1\d{4}"
)
_STREET = (
    r"street|st|avenue|ave|av|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|terrace|tce|crescent|cr|cres|"
    r"parade|pde|grove|gr|highway|hwy|square|sq|close|cl|way|wy|circle|cir|parkway|pkwy|"
    r"stra(?:ß|ss)e|str|weg|gasse|allee|platz|rue|chemin|calle|avenida|plaza|paseo|carrera|rua|travessa|via|viale|"
    r"piazza|corso|ulica|ul|straat|laan|gatan|vägen|vej|gade|katu|tie"
)
_WORD = r"[^\W\d_][\w'’.-]*"
_ADDRESS = (
    rf"(?:\w{{1,5}}[/ ])?\d{{1,5}}[A-Za-z]?(?:[-/]\d+[A-Za-z]?)?,? (?:{_WORD} ){{0,4}}(?:{_STREET})\b\.?(?:[ ,].*)?"
    rf"|(?:{_STREET})\.? (?:{_WORD},? ){{1,5}}(?:n[º°o.]*\s?)?\d{{1,5}}\b.*"
    rf"|(?:{_WORD} ){{0,3}}{_WORD}(?:straße|strasse|str\.|weg|gasse|allee|platz|straat|laan|gatan|vägen|vej) "
    r"\d{1,4}\b.*"
    rf"|\d{{1,4}},? (?:{_STREET}) (?:{_WORD},? ?){{1,6}}.*"
)


def _id(
    name: str, pattern: str, holds: Callable[[str], bool], chance: float, words: str, spoken: bool = False
) -> Shape:
    return Shape(
        name=name,
        plural=name + "s",
        pattern=re.compile(pattern),
        holds=holds,
        chance=chance,
        words=frozenset(words.split()),
        spoken=spoken,
    )


SHAPES: tuple[Shape, ...] = (
    Shape(
        name="e-mail address",
        plural="e-mail addresses",
        pattern=re.compile(_EMAIL),
        within=re.compile(rf"(?<![\w.@]){_EMAIL}"),
    ),
    Shape(
        name="IBAN",
        plural="IBANs",
        pattern=re.compile(r"[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,4})?"),
        holds=_iban,
        chance=1 / 97,
        within=re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"),
    ),
    Shape(
        name="payment card number",
        plural="payment card numbers",
        pattern=re.compile(r"\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -]?)\d{6}\2\d{4,5}"),
        holds=_card,
        chance=0.02,  # one random number in five begins like an issuer's, and one of these in ten has the check digit
        within=re.compile(r"(?<![\d.,-])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}|\d{4}([ -]?)\d{6}\2\d{5})(?![\d.,-])"),
    ),
    Shape(
        name="US social security number",
        plural="US social security numbers",
        pattern=re.compile(r"\d{3}-\d{2}-\d{4}"),
        holds=_ssn,
        chance=0.0,  # written so, hardly anything else
        within=re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"),
    ),
    _id("US social security number", r"\d{9}", _ssn, 0.9, "ssn social"),
    _id("Canadian social insurance number", r"\d{3}[ -]?\d{3}[ -]?\d{3}", luhn, 0.1, "sin insurance nas"),
    _id("NHS number", r"\d{3}[ -]?\d{3}[ -]?\d{4}", _nhs, 0.1, "nhs", spoken=True),
    _id("Brazilian CPF", r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", _cpf, 0.01, "cpf", spoken=True),
    _id("Spanish DNI or NIE number", r"(?:\d{8}|[XYZxyz]-?\d{7})-?[A-Za-z]", _dni, 1 / 23, "dni nie nif", spoken=True),
    _id(
        "Italian codice fiscale",
        r"[A-Za-z]{6}\d{2}[A-EHLMPR-Ta-ehlmpr-t]\d{2}[A-Za-z]\d{3}[A-Za-z]",
        _codice_fiscale,
        1 / 26,
        "fiscale",
        spoken=True,
    ),
    _id("French NIR", r"[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[ABab]) ?\d{3} ?\d{3} ?\d{2}", _nir, 0.01, "nir", spoken=True),
    _id("Polish PESEL", r"\d{11}", _pesel, 0.1, "pesel", spoken=True),
    _id("Dutch BSN", r"\d{9}", _bsn, 1 / 11, "bsn burgerservicenummer"),
    _id("Swedish personal number", r"(?:\d{2})?\d{6}[-+]\d{4}", _personnummer, 0.01, "personnummer", spoken=True),
    _id("Belgian register number", r"\d{2}\.?\d{2}\.?\d{2}-?\d{3}[.-]?\d{2}", _rijksregister, 0.02, "rrn", spoken=True),
    _id("German tax number", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", _steuer_id, 0.1, "steuer steuerid idnr", spoken=True),
    _id("Chinese resident number", r"\d{17}[\dXx]", _resident_id, 1 / 11, "resident", spoken=True),
    Shape(
        name="network card address",
        plural="network card addresses",
        pattern=re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}"),
    ),
    Shape(
        name="IP address",
        plural="IP addresses",
        pattern=re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}|(?:[0-9A-Fa-f]{{1,4}}:){{3,7}}:?[0-9A-Fa-f]{{1,4}}"),
        # Numbers of versions look alike, but have small parts.
        holds=None,
        within=re.compile(rf"(?<![\d.])(?:1\d\d|2[0-4]\d|25[0-5]|[1-9]\d)\.{_OCTET}\.{_OCTET}\.{_OCTET}(?![\d.])"),
    ),
    Shape(
        name="phone number",
        plural="phone numbers",
        pattern=re.compile(_PHONE),
        holds=_phone,
        within=re.compile(rf"(?<![\w.,/-])(?:{_PHONE})(?![\w/-])"),
    ),
    Shape(name="postal address", plural="postal addresses", pattern=re.compile(_ADDRESS, re.IGNORECASE)),
)
"""From the surest to the least sure."""

_WRITTEN = re.compile(
    r"[^@\s]+@[^@\s]+\.[^@\s]+"  # an e-mail address
    r"|[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){3,7}(?: ?[A-Za-z0-9]{1,3})?"  # what looks like an IBAN (ISO 13616)
)
_SURE = frozenset({"US social security number", "IP address", "network card address", "payment card number"})


def is_written_identity(text: str) -> bool:
    """Return whether a text reads like an address or a number of somebody, in doubt yes: the log masks it."""
    return _WRITTEN.fullmatch(text) is not None or any(s.matches(text) for s in SHAPES if s.name in _SURE and s.spoken)


def matching(texts: list[str], words: frozenset[str]) -> tuple[Shape, float] | None:
    """Return the shape that most of the texts have and the share that has it; None where hardly any has one.

    ``words`` are those of the column's name: shapes that do not speak for themselves count only where one agrees.
    """
    best: tuple[Shape, float] | None = None
    for shape in SHAPES:
        if not shape.spoken and not shape.words & words:
            continue
        share = sum(shape.matches(t) for t in texts) / max(1, len(texts))
        if share > (best[1] if best else 0.0):
            best = (shape, share)
    return best
