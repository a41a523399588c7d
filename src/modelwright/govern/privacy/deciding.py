"""From a policy, the wishes of the brief and what was found, to what is done to each column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modelwright.brief import Brief
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.treating.keys import fingerprint_of, has_key, key_file_named, key_for
from modelwright.data.treating.treatment import Action, Treatment, parse_action
from modelwright.errors import UsageError
from modelwright.govern.privacy.detecting import Found
from modelwright.govern.privacy.documents import ColumnPrivacy
from modelwright.govern.privacy.policy import OLDEST, Datum, Policy
from modelwright.govern.privacy.pooling import written_as

__all__ = ["Decided", "decide"]

POSTCODE_DIGITS = 5
"""Of a ZIP code, a German or French postal code: as a number it has lost its leading zeros."""

_FOR_NUMBERS = frozenset({Action.CAP, Action.BUCKET, Action.ROUND})


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What is done to columns, which personal ones the user keeps as they are, and which ones the policy keeps."""

    columns: tuple[ColumnPrivacy, ...]
    kept: tuple[str, ...]
    judged: tuple[ColumnPrivacy, ...] = ()


def decide(
    brief: Brief,
    policy: Policy | None,
    contract: Contract,
    found: Mapping[str, Found],
    *,
    year: int,
    before: Mapping[str, Treatment] | None = None,
) -> Decided:
    """Return what is done to each column.

    Parameters
    ----------
    brief : Brief
    policy : Policy or None
        None: only what the brief says of single columns.
    contract : Contract
        Of the raw table.
    found : mapping of str to Found
        See `modelwright.govern.privacy.detecting.detect`.
    year : int
        The current one.
    before : mapping of str to Treatment
        What was done when the project was trained last: rows that are treated already do not show what they were.

    Raises
    ------
    UsageError
        Pseudonyms need a key that is not there, or what is asked for does not go together (MW-U905 to MW-U907).
    """
    columns: list[ColumnPrivacy] = []
    kept: list[str] = []
    judged: list[ColumnPrivacy] = []
    for spec in contract.columns:
        decided = _decided(brief, policy, spec, found.get(spec.name), year, (before or {}).get(spec.name))
        if decided is None:
            continue
        if decided.action == Action.KEEP and decided.decided_by == "policy":
            judged.append(decided)
        elif decided.action == Action.KEEP:
            kept.append(spec.name)
        else:
            columns.append(decided)
    return Decided(columns=tuple(columns), kept=tuple(kept), judged=tuple(judged))


def _decided(
    brief: Brief, policy: Policy | None, spec: ColumnSpec, found: Found | None, year: int, before: Treatment | None
) -> ColumnPrivacy | None:
    name, asked = spec.name, brief.private.get(spec.name)
    datum = None if found is None else found.datum
    if name == brief.target:
        if asked is not None or name == brief.subject:
            raise UsageError(
                f"'{name}' is the target: nothing can be done to it, or the model would predict something else",
                fix="change the target at the source, or take it out of the privacy table",
                code="MW-U905",
            )
        return None
    if name == brief.subject:
        return _subject(brief, spec, asked)
    if asked is not None:
        action, size = parse_action(asked, f"column '{name}'")
        why, by = "the brief says so", "user"
    elif before is not None:
        return _as(spec, datum, before, "as it was when the project was trained last", "policy")
    elif found is None:
        return None
    elif policy is None:
        return _as(spec, datum, None, f"{found.why}; there is no policy", "policy", Action.KEEP)
    else:
        action, size = policy.action(found.datum)
        why, by = f"{found.why}; {policy.title} as this product reads it", "policy"
        action, why = _fitting(action, brief, spec, why)
    if action is Action.KEEP:
        return _as(spec, datum, None, why, by, action)
    if action is Action.DROP:
        _refuse_drop(brief, name)
        return _as(spec, datum, None, why, by, action)
    return _as(spec, datum, _treatment(brief, policy, spec, datum, action, size, year), why, by)


def _fitting(action: Action, brief: Brief, spec: ColumnSpec, why: str) -> tuple[Action, str]:
    """Return what a policy's action comes to for a column: groups must stay apart, and some things cannot be done."""
    key = has_key(brief.privacy_key)
    if spec.name == brief.group and action in (Action.DROP, Action.MASK):
        return Action.HASH, f"{why}; rows are grouped by it, so a pseudonym stays"
    if action is Action.HASH and not key and spec.name != brief.group:
        return Action.DROP, f"{why}; there is no key for pseudonyms"
    readable = spec.kind in (Kind.DATETIME, Kind.NUMBER) or action is not Action.YEAR
    if not readable or (action in _FOR_NUMBERS and not spec.kind.numeric):
        return Action.DROP, f"{why}; its values cannot be read, so nothing stays"
    return action, why


def _refuse_drop(brief: Brief, name: str) -> None:
    roles = (("time", brief.time == name), ("group", brief.group == name), ("protected", name in brief.protected))
    for role, has in roles:
        if has:
            raise UsageError(
                f"column '{name}' is named as '{role}', and for privacy it would be dropped",
                fix=f"say what may stay of it, --private {name}=hash or --private {name}=keep, or take it off {role}",
                code="MW-U906",
            )


def _subject(brief: Brief, spec: ColumnSpec, asked: str | None) -> ColumnPrivacy:
    if asked not in (None, Action.HASH):
        raise UsageError(
            f"column '{spec.name}' says whose rows these are, so it must be 'hash', not '{asked}'",
            fix=f"take '{spec.name}' out of the privacy table, or name another subject",
            code="MW-U907",
        )
    why = "it says whose rows these are: pseudonyms make erasure possible"
    return _as(spec, Datum.IDENTIFIER, _hashing(brief, spec.name), why, "user")


def _hashing(brief: Brief, name: str) -> Treatment:
    key = key_for(brief.privacy_key)
    return Treatment(
        action=Action.HASH, salt=name, key_file=key_file_named(brief.privacy_key), fingerprint=fingerprint_of(key)
    )


def _treatment(
    brief: Brief,
    policy: Policy | None,
    spec: ColumnSpec,
    datum: Datum | None,
    action: Action,
    size: float | None,
    year: int,
) -> Treatment:
    if action is Action.HASH:
        return _hashing(brief, spec.name)
    numbers = action in _FOR_NUMBERS and not spec.kind.numeric
    if numbers or (action is Action.YEAR and spec.kind not in (Kind.DATETIME, Kind.NUMBER)):
        kind = "dates" if action is Action.YEAR else "numbers"
        raise UsageError(
            f"column '{spec.name}' holds {spec.kind} values, and '{action}' is for {kind}",
            fix=f"use drop, mask, hash or prefix, or say its kind with --kind {spec.name}=KIND",
            code="MW-U908",
        )
    postcode = datum is Datum.POSTCODE
    oldest = (policy.oldest if policy else OLDEST) if datum is Datum.BIRTH_DATE else None
    return Treatment(
        action=action,
        size=size,
        low=float(year - oldest) if oldest and action is Action.YEAR else None,
        few=policy.few_people if policy and postcode else (),
        formats=spec.formats if action is Action.YEAR else (),
        **written_as(spec),
        width=POSTCODE_DIGITS if postcode and _has_digits(spec) else 0,
    )


def _has_digits(spec: ColumnSpec) -> bool:
    """Return whether codes are numbers of five digits; zeros change neither longer ones nor one that is wrong."""
    largest = spec.maximum if spec.kind.numeric else None
    if largest is None:
        return sum(v.isdecimal() for v in spec.levels) > len(spec.levels) / 2
    return largest >= 10 ** (POSTCODE_DIGITS - 1)


def _as(
    spec: ColumnSpec,
    datum: Datum | None,
    treatment: Treatment | None,
    why: str,
    by: str,
    action: Action | None = None,
) -> ColumnPrivacy:
    told = action.value if action is not None else "" if treatment is None else _written(treatment)
    return ColumnPrivacy(column=spec.name, datum=datum or "", action=told, why=why, decided_by=by, treatment=treatment)


def _written(treatment: Treatment) -> str:
    return treatment.action.value + ("" if treatment.size is None else f":{treatment.size:g}")
