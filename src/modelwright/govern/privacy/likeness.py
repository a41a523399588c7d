"""What is personal though neither a clear form nor its name says so: by the form in doubt, and by other columns.

Under a policy the doubt goes to the person: where the audit would keep silent, a column that is written like names of
persons or like telephone numbers is treated as such. A column beside one that is known to be personal is, too, when it
repeats its names, or has one value of its own for each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded
from modelwright.audit.telling_who import different_texts
from modelwright.data.columns import Strings
from modelwright.data.contract import Kind
from modelwright.data.inference.names import words
from modelwright.data.personal.naming import PEOPLE, folded, speaks_about
from modelwright.data.personal.persons import given_names, persons_in
from modelwright.data.personal.phones import LEAST_SHARE, dialled_share

__all__ = ["numbers_dialled", "persons_written", "repeated_names", "stand_ins"]

FORM_SHARE = 0.9
"""Of the different values, so many are written like persons."""

FEW_TURNED, FEW_PERSONS = 4, 8
"""Different values "Family, Given" and "Given Family" from which on the form says something."""

KNOWN, LEAST_GIVEN = 0.25, 3
"""Share of values with a frequent given name, and how many different ones: towns named after people have few."""

KNOWN_BY_ROLE, GIVEN_BY_ROLE = 0.1, 1
"""The same where the column is called like somebody (``advisor``)."""

ALONE, MANY_ALONE = 0.7, 6
"""The same of given names without a family name."""

ALONE_BY_ROWS, MANY_BY_ROWS = 0.35, 15
"""The same by rows: most people have frequent names, though most different names are rare."""

FEW_NUMBERS = 10

REPEATED = 0.9
"""Share of a column's different values that consist of words from the names in another one."""

LEAST_REPEATED = 5

SHARED_BY = 2.0
"""Rows per person from which on it says something that a code goes with each: else all that is unique would."""

MANY_CODES = 20

SLIPS = 0.05
"""Share of persons that may have two codes, or share one."""

_ROLES = PEOPLE | words(
    "manager supervisor boss lawyer attorney judge nurse surgeon consultant representative rep salesperson seller "
    "referrer contact assignee operator technician inspector officer instructor lecturer professor director "
    "berater beraterin sachbearbeiter sachbearbeiterin betreuer betreuerin ansprechpartner bearbeiter vertreter arzt "
    "arztin lehrer chef vendeur conseiller conseillere medecin responsable asesor gestor medico profesor vendedor "
    "consulente venditore insegnante adviseur contactpersoon behandelaar handlaggare saksbehandler sagsbehandler "
    "opiekun doradca lekarz vorgesetzter by"
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_SINGLE = re.compile(r"[^\W\d_a-zà-öø-ÿ][^\W\d_'’-]*(?:['’-][^\W\d_]+)*(?: [^\W\d_a-z]\.?)?")


def persons_written(context: AuditContext, name: str) -> str | None:
    """Return in words that the values of a column are written like persons, None where they are not."""
    if not isinstance(context.columns[name], Strings) or speaks_about(folded(name)):
        return None
    texts = different_texts(context, name)
    if len(texts) < FEW_TURNED:
        return None
    found, role = persons_in(texts), bool(_ROLES & set(folded(name)))
    known, n_known = (KNOWN_BY_ROLE, GIVEN_BY_ROLE) if role else (KNOWN, LEAST_GIVEN)
    few = FEW_TURNED if role or found.turned >= FORM_SHARE else FEW_PERSONS
    if len(texts) >= few and found.share >= FORM_SHARE and found.known >= known and found.n_known >= n_known:
        return f"{found.share:.0%} of its different values are written like names, {found.n_known} given names occur"
    share, n_given = given_names(texts)
    if share >= ALONE and n_given >= MANY_ALONE:
        return f"{share:.0%} of its different values are given names"
    rows, n_given = _rows_of_given_names(context, name)
    if rows >= ALONE_BY_ROWS and n_given >= MANY_BY_ROWS and _are_single_words(texts):
        return f"{rows:.0%} of its rows have one of {n_given} frequent given names, and the others are single words"
    return None


def _rows_of_given_names(context: AuditContext, name: str) -> tuple[float, int]:
    """Return the share of rows whose value is a frequent given name, and how many different ones there are."""
    column = coded(context, name)
    is_one = np.array([given_names([str(v)])[1] > 0 for v in column.values], dtype=bool)
    return float(column.counts[is_one].sum() / max(1, column.n_present)), int(is_one.sum())


def _are_single_words(texts: list[str]) -> bool:
    return float(np.mean([_SINGLE.fullmatch(t.strip()) is not None for t in texts])) >= FORM_SHARE


def numbers_dialled(context: AuditContext, name: str) -> float:
    """Return the share of a column's different values that are numbers as they are dialled, 0 where it holds none."""
    if not isinstance(context.columns[name], Strings):
        return 0.0
    texts = different_texts(context, name)
    share = dialled_share(texts, folded(name), groups=True) if len(texts) >= FEW_NUMBERS else 0.0
    return share if share >= LEAST_SHARE else 0.0


def repeated_names(context: AuditContext, named: Iterable[str], others: Iterable[str]) -> Mapping[str, str]:
    """Return which of the other columns consist of words from columns of names, and that in words."""
    said = {name: _words(str(v) for v in coded(context, name).values) for name in named}
    found = {}
    for other in others:
        column = context.columns[other]
        if not isinstance(column, Strings) or coded(context, other).n_levels < LEAST_REPEATED:
            continue
        texts = different_texts(context, other)
        for name, known in said.items():
            if name != other and _share_within(texts, known) >= REPEATED:
                found[other] = f"its values are words of the names in '{name}'"
                break
    return found


def _words(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(word.casefold() for text in texts for word in _WORD.findall(text))


def _share_within(texts: list[str], known: frozenset[str]) -> float:
    parts = [[w.casefold() for w in _WORD.findall(t)] for t in texts if not re.search(r"\d", t)]
    return sum(bool(p) and known.issuperset(p) for p in parts) / max(1, len(texts))


def stand_ins(context: AuditContext, singling: Iterable[str], others: Iterable[str]) -> Mapping[str, str]:
    """Return which of the other columns have one value of their own for each person of a column, and that in words."""
    found = {}
    for name in singling:
        people = coded(context, name)
        if people.n_levels < MANY_CODES or people.n_present < SHARED_BY * people.n_levels:
            continue
        for other in others:
            if other not in found and _goes_with(context, name, other):
                found[other] = f"it has a value of its own for each of those in '{name}'"
    return found


def _goes_with(context: AuditContext, name: str, other: str) -> bool:
    if not isinstance(context.columns[other], Strings) or context.contract[other].kind is Kind.TEXT:
        return False
    people, codes = coded(context, name), coded(context, other)
    if not 1 - SLIPS <= codes.n_levels / people.n_levels <= 1 + SLIPS:
        return False
    both = (people.codes >= 0) & (codes.codes >= 0)
    pairs = np.unique(people.codes[both].astype(np.int64) * (codes.n_levels + 1) + codes.codes[both])
    return len(pairs) <= (1 + SLIPS) * people.n_levels
