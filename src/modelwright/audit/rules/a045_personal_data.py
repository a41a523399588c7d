"""A045: columns that say who somebody is."""

from __future__ import annotations

from typing import ClassVar

from modelwright.audit.building import count, names, percent, tell
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.singling import MIN_QUASI, UNIQUE_SHARE, singled_out
from modelwright.audit.telling_who import (
    CHECKED_SHARE,
    FEW_NAMES,
    FULL_NAME_SHARE,
    MANY_NAMES,
    MIN_DISTINCT,
    MIN_SAID,
    SAID_SHARE,
    SHAPE_SHARE,
    reads_like_names,
    said_in_texts,
    told_quietly,
    who,
)
from modelwright.data.contract import Kind
from modelwright.data.personal.births import LEAST_SPREAD

__all__ = ["PersonalData"]

_WRITTEN = frozenset({Kind.TEXT, Kind.CATEGORY})


def _like(plural: str) -> str:
    return plural if plural != "names of persons" else "a given and a family name"


class PersonalData:
    """Finds names, addresses, numbers of persons, and what singles people out."""

    code: ClassVar[str] = "A045"
    title: ClassVar[str] = "Personal data"
    what: ClassVar[str] = (
        "A column holds names, e-mail or postal addresses, phone numbers, bank accounts, payment cards or national "
        "identity numbers; or a few ordinary columns together single people out."
    )
    why_it_matters: ClassVar[str] = (
        "Who somebody is must not be learned, and mostly may not be kept: the model and its report would carry "
        "personal data along. No such column tells anything about new people. Age, sex and postal code are no names, "
        "but together they can be as good as one (Sweeney 2000)."
    )
    how_detected: ClassVar[str] = (
        f"At least {percent(SHAPE_SHARE)} of at least {MIN_DISTINCT} different values are e-mail, network or postal "
        f"addresses or phone numbers, or {percent(CHECKED_SHARE)} have the form and the right check digits of an IBAN "
        "(modulo 97), a payment card (issuer and Luhn's digit) or a national number (US, UK, France, Spain, Italy, "
        "Germany, Brazil, …), which random numbers have in at most one of ten. Digits alone are phone numbers only "
        "where the column's name says so. Names of persons: the column's name says so in one of some twenty languages, "
        "and the values are one to four capitalised words. Whatever the column is "
        f"called, {percent(FULL_NAME_SHARE)} of at least {MANY_NAMES} different values that are a given and a family "
        f'name, many of them frequent given names, are told; {FEW_NAMES} are enough that are written "Family, Given" '
        "or are given names alone. Numbers that are dialled at home (a zero first, eight to thirteen digits in groups) "
        "are phone numbers as well. Where the table is about people, dates are dates of birth whatever they are called "
        f"that spread over {LEAST_SPREAD:g} years and all weekdays and do not follow the order of the rows. In free "
        "text: addresses and numbers in "
        f"{percent(SAID_SHARE)} of the rows and {MIN_SAID} at least. Together: at least {MIN_QUASI} columns such as "
        f"age, sex, origin, marital status, education, occupation and place, and {percent(UNIQUE_SHARE)} of the rows "
        "are the only ones with their values."
    )
    what_is_done: ClassVar[str] = (
        "Columns that name or reach somebody are dropped. Dates of birth, places of people, what stands in texts and "
        "what singles people out is told. A privacy policy (--privacy) does more, where rows are read."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column and one for all together, or why there is nothing to check."""
        if len(context.row_numbers) < MIN_DISTINCT:
            return f"there are fewer than {MIN_DISTINCT} rows"
        found = []
        for name in context.features:
            identity = who(context, name)
            if identity is not None:
                found.append(self._direct(context, name, *identity))
            elif (read := reads_like_names(context, name)) is not None:
                found.append(self._named(context, name, *read))
            # Notes that mostly repeat are read as a category, and now and then one says more.
            elif context.contract[name].kind in _WRITTEN and (said := self._in_texts(context, name)):
                found.extend(said)
            elif context.contract[name].kind is Kind.TEXT:
                continue
            elif quiet := told_quietly(context, name):
                found.append(self._quiet(name, *quiet))
        return found + self._together(context)

    def _direct(self, context: AuditContext, name: str, plural: str, share: float, n_distinct: int) -> Finding:
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[name],
            message=f"'{name}' holds {plural}: {percent(share)} of {count(n_distinct, 'different value')} read so. "
            "They say who somebody is and nothing about new people.",
            evidence={"what": plural, "share": share, "n_distinct": n_distinct},
            action=Action.DROP_COLUMN,
            fix="leave the column out of the export",
        )

    def _named(self, context: AuditContext, name: str, plural: str, share: float, n_distinct: int) -> Finding:
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[name],
            message=f"'{name}' seems to hold {plural}: {percent(share)} of {count(n_distinct, 'different value')} read "
            f"like {_like(plural)}. They say who somebody is and nothing about new people.",
            evidence={"what": plural, "share": share, "n_distinct": n_distinct},
            fix=f"leave the column out of the export, or name it with --drop {name}",
        )

    def _in_texts(self, context: AuditContext, name: str) -> list[Finding]:
        return [
            tell(
                self,
                severity=Severity.WARNING,
                columns=[name],
                message=f"The texts of '{name}' hold {plural} in {count(n, 'row')} of the {of:,} looked at "
                f"({percent(n / of)}).",
                evidence={"what": plural, "n": n, "n_looked_at": of},
                fix="blank them out at the source",
                n_rows=n,
                rows=context.row_numbers[rows],
            )
            for plural, n, of, rows in said_in_texts(context, name)
        ]

    def _quiet(self, name: str, what: str, number: int) -> Finding:
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"'{name}' holds {what} ({number:,} different ones). Beside little else it singles people out.",
            evidence={"what": what, "n_distinct": number},
            fix="keep what is needed of it only: the year, the district",
        )

    def _together(self, context: AuditContext) -> list[Finding]:
        single = singled_out(context)
        if single is None:
            return []
        columns, n_unique, n_rows = single
        return [
            tell(
                self,
                severity=Severity.INFO,
                columns=columns,
                message=f"{names(columns)} together single out {count(n_unique, 'row')} of {n_rows:,} "
                f"({percent(n_unique / n_rows)}): nobody else in the rows looked at has the same values. Whoever knows "
                "these facts of somebody finds the row, though no name is in the table.",
                evidence={"n_unique": n_unique, "share": n_unique / n_rows, "n_columns": len(columns)},
                fix="give the table to nobody who must not know whose rows these are, or keep coarser values (ages in "
                "bands, districts for towns)",
                n_rows=n_unique,
            )
        ]
