"""Which columns say who somebody is, by their values and, where values alone cannot tell, their names."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded
from modelwright.audit.people import is_about_people
from modelwright.data.columns import Strings
from modelwright.data.contract import Kind
from modelwright.data.inference.names import words
from modelwright.data.personal.births import lie_like_births
from modelwright.data.personal.given import GIVEN
from modelwright.data.personal.naming import GIVEN_NAMES, LOCATED, NAME, PEOPLE, folded, names_somebody, says_birth
from modelwright.data.personal.persons import given_names, persons_in
from modelwright.data.personal.phones import LEAST_SHARE, dialled_share
from modelwright.data.personal.shapes import SHAPES, matching

__all__ = [
    "CHECKED_SHARE",
    "FEW_NAMES",
    "FULL_NAME_SHARE",
    "MANY_NAMES",
    "MIN_DISTINCT",
    "MIN_SAID",
    "SAID_SHARE",
    "SHAPE_SHARE",
    "dates_of_births",
    "different_texts",
    "reads_like_names",
    "said_in_texts",
    "told_quietly",
    "who",
]

MIN_DISTINCT = 20
SHAPE_SHARE = 0.5
# With check digits that one number in ten has by chance, twenty random ones reach this less than once in 10¹³.
CHECKED_SHARE = 0.8
NAME_SHARE = 0.8
LONE_NAME_SHARE = 0.9  # of a column that is called "name" and nothing else
KNOWN_SHARE = 0.05
SAMPLE_LEVELS = 500
FIRST_LOOK = 40
SAMPLE_TEXTS = 2_000
LONGEST_TEXT = 2_000
SAID_SHARE = 0.01
MIN_SAID = 5
SMALLEST_NUMBER = 1e6  # seven digits: local phone numbers
LARGEST_NUMBER = 2.0**53
PRECISE_PLACES = 0.5

_PERSON = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau)\.? )?[^\W\d_][^\W\d_'’.-]*(?:[ '’-][^\W\d_][^\W\d_.]*\.?){0,3}"
    r"|[^\W\d_][^\W\d_'’ -]*, (?:(?:Mr|Mrs|Miss|Ms|Dr|Master|Rev)\. )?.{2,60}"
)
# A given and a family name in most values, and hardly any value that is not so: whatever the column is called. Places
# ("San Jose"), shops and cars are two capitalised words as well, but seldom begin with given names of all languages.
FULL_NAME_SHARE = 0.9
BEGIN_SHARE = 0.15
MANY_GIVEN = 5
MANY_NAMES = 50
# "Dubois, Linda" is hardly anything else, so fewer values tell; so are given names alone, where most values are.
FEW_NAMES = 10
TURNED_SHARE = 0.25
ALONE_SHARE, MANY_ALONE = 0.8, 8
_MEASURED = re.compile(r"-?\d+\.\d+")  # a number with decimals, which names nobody
_NOT_PERSONS = words("product file company city town store shop station item brand car model hotel school street host")


def who(context: AuditContext, name: str) -> tuple[str, float, int] | None:
    """Return what a column says of people ("e-mail addresses"), in which share of how many different values."""
    values = coded(context, name)
    if values.n_levels < MIN_DISTINCT or context.contract[name].kind in (Kind.BOOLEAN, Kind.DURATION, Kind.GEO):
        return None
    texts = different_texts(context, name)
    if not texts:
        return None
    parts = folded(name)
    found = _shaped(texts, parts)
    if found is None and isinstance(context.columns[name], Strings):
        found = _persons(texts, _paired(context, parts))
    if found is None:
        share = dialled_share(texts, parts)
        found = ("phone numbers", share) if share >= LEAST_SHARE else None
    return None if found is None else (*found, values.n_levels)


def different_texts(context: AuditContext, name: str) -> list[str]:
    """Return different values of a column as they were written, some hundred of them."""
    column = coded(context, name)
    if isinstance(context.columns[name], Strings):
        return _some([str(v) for v in column.values])
    if name in context.raw and context.contract[name].kind is Kind.NUMBER:
        return _some(sorted({str(v) for v in context.raw[name][: 4 * SAMPLE_LEVELS] if v is not None}))
    values = column.values[(column.values >= SMALLEST_NUMBER) & (column.values < LARGEST_NUMBER)]
    whole = len(values) >= SHAPE_SHARE * column.n_levels and bool(np.all(values == np.floor(values)))
    if context.contract[name].kind is Kind.DATETIME or not whole:
        return []
    return _some([f"{v:.0f}" for v in values])


def _some(values: list[str]) -> list[str]:
    if len(values) <= SAMPLE_LEVELS:
        return values
    return [values[i] for i in np.linspace(0, len(values) - 1, SAMPLE_LEVELS).astype(np.int64)]


def _shaped(texts: list[str], parts: tuple[str, ...]) -> tuple[str, float] | None:
    said = frozenset(parts)
    few = _some(texts)[:: max(1, len(texts) // FIRST_LOOK)]
    if all(_MEASURED.fullmatch(t) for t in few) or matching(few, said) is None:
        return None
    found = matching(texts, said)
    if found is None:
        return None
    shape, share = found
    if share < (CHECKED_SHARE if shape.chance else SHAPE_SHARE):
        return None
    if shape.name == "IP address" and "ip" not in said and not any(shape.occurs_in(t) for t in texts[:FIRST_LOOK]):
        return None  # numbers of versions
    return shape.plural, share


def _paired(context: AuditContext, parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a name; "first" and "last" beside each other are a first name and a last name."""
    lone = parts in (("first",), ("last",))
    both = {("first",), ("last",)} <= {folded(n) for n in context.contract.names} if lone else False
    return (*parts, "name") if both else parts


def _persons(texts: list[str], parts: tuple[str, ...]) -> tuple[str, float] | None:
    said = set(parts)
    if said & _NOT_PERSONS or not (said & (GIVEN_NAMES | NAME) or names_somebody(parts)):
        return None
    if said & words("username login loginname nickname screenname benutzername"):
        return "user names", 1.0
    share = float(np.mean([_PERSON.fullmatch(t.strip()) is not None for t in texts]))
    known = float(np.mean([bool(GIVEN & set(re.findall(r"[^\W\d_]+", t.casefold()))) for t in texts]))
    if said & GIVEN_NAMES or (said & NAME and said & PEOPLE):
        return ("names of persons", share) if share >= NAME_SHARE else None
    lone = share >= LONE_NAME_SHARE and known >= KNOWN_SHARE
    return ("names of persons", share) if lone else None


def reads_like_names(context: AuditContext, name: str) -> tuple[str, float, int] | None:
    """Return the share of different values that are names of persons, where the values alone make that clear."""
    values = coded(context, name)
    if not isinstance(context.columns[name], Strings) or values.n_levels < FEW_NAMES:
        return None
    if set(folded(name)) & _NOT_PERSONS:
        return None
    texts = _some([str(v) for v in values.values])
    found = persons_in(texts)
    turned = found.turned >= FULL_NAME_SHARE and found.known >= TURNED_SHARE
    many = values.n_levels >= MANY_NAMES and found.known >= BEGIN_SHARE
    if found.share >= FULL_NAME_SHARE and found.n_known >= MANY_GIVEN and (turned or many):
        return "names of persons", found.share, values.n_levels
    share, n_given = given_names(texts)
    return ("given names", share, values.n_levels) if share >= ALONE_SHARE and n_given >= MANY_ALONE else None


def said_in_texts(context: AuditContext, name: str) -> list[tuple[str, int, int, np.ndarray]]:
    """Return what stands in free texts: plural, rows with it, rows looked at, and where."""
    column = context.columns[name]
    if not isinstance(column, Strings):
        return []
    rows = np.flatnonzero(column.codes >= 0)
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), SAMPLE_TEXTS)).astype(np.int64)]
    texts = [str(column.levels[c])[:LONGEST_TEXT] for c in column.codes[rows]]
    found = []
    for shape in SHAPES:
        if shape.within is None:
            continue
        here = np.array([shape.occurs_in(t) for t in texts], dtype=bool)
        if shape.chance and here.sum() < SHAPE_SHARE * sum(shape.within.search(t) is not None for t in texts):
            continue  # other numbers, some of which have the check digit by chance
        if here.sum() >= max(MIN_SAID, SAID_SHARE * len(texts)):
            found.append((shape.plural, int(here.sum()), len(texts), rows[here]))
    return found


def dates_of_births(context: AuditContext, name: str, *, doubted: bool = True) -> bool:
    """Return whether dates lie like dates of birth; ``doubted``: only where the table is about people."""
    people = is_about_people(context)
    if context.contract[name].kind is not Kind.DATETIME or (doubted and not people):
        return False
    return lie_like_births(np.asarray(context.columns[name]), _newest(context, name), people=people)


def _newest(context: AuditContext, name: str) -> float:
    """Return the newest date of the other columns that is past, else now."""
    now = datetime.now(UTC).timestamp()
    others = (s.maximum for s in context.contract.columns if s.kind is Kind.DATETIME and s.name != name)
    return max((m for m in others if m is not None and m <= now), default=now)


def told_quietly(context: AuditContext, name: str) -> tuple[str, int] | None:
    """Return what a column holds that says much of people without naming them: dates of birth, places."""
    kind, parts = context.contract[name].kind, folded(name)
    said = set(parts)
    n = coded(context, name).n_levels
    if kind is Kind.DATETIME and n >= MIN_DISTINCT and (says_birth(parts) or dates_of_births(context, name)):
        return "dates of birth", n
    if kind is Kind.GEO and n >= MIN_DISTINCT and (said & LOCATED or is_about_people(context)):
        values = coded(context, name).values
        fine = np.abs(values * 1000 - np.round(values * 1000)) > 1e-6
        if fine.mean() >= PRECISE_PLACES:
            return "places to within a few metres", n
    return None
