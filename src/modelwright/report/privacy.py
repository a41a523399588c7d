"""The section on privacy: what was done to which columns, and what the model tells of who was trained on."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright import format as fmt
from modelwright.evaluate.measurements import Attack, Membership
from modelwright.govern.privacy.documents import ColumnPrivacy, Privacy
from modelwright.govern.privacy.policy import Datum

__all__ = ["AttackRow", "ColumnRow", "PrivacySection", "done_to", "section"]

DONE = {
    "keep": "kept as it is",
    "drop": "dropped",
    "mask": "masked: whether there is a value stays",
    "hash": "pseudonyms by a key that is not stored",
    "year": "the year stays",
    "redact": "names, addresses and numbers taken out of the texts",
    "pool": "rare levels are one level",
    "clip": "the ends of the range are cut",
}
_SIZED = {
    "cap": "above {0} it is {0}",
    "bucket": "in steps of {0}",
    "round": "to {0} decimal places",
    "prefix": "the first {0} characters stay",
}
ATTACKS = {
    "loss": "by the loss alone",
    "calibrated loss": "by the loss, with how hard the row is taken off",
}


@dataclass(frozen=True, kw_only=True)
class ColumnRow:
    """A column, what it holds, what is done to it, who decided, and why."""

    name: str
    datum: str
    done: str
    decided_by: str
    why: str


@dataclass(frozen=True, kw_only=True)
class AttackRow:
    """An attack in words."""

    name: str
    auc: str
    caught: str


@dataclass(frozen=True, kw_only=True)
class PrivacySection:
    """What the template shows."""

    lede: str
    basis: str
    columns: tuple[ColumnRow, ...]
    shared: tuple[tuple[str, tuple[str, ...]], ...]
    kept: tuple[str, ...]
    judged: tuple[ColumnRow, ...]
    others: tuple[str, ...]
    k: int
    subject: str
    suppressed: str
    attacks: tuple[AttackRow, ...]
    most: str
    notes: tuple[str, ...]


def section(privacy: Privacy | None, membership: Membership | None) -> PrivacySection | None:
    """Return the section, None where nobody asked for privacy."""
    if privacy is None and membership is None:
        return None
    found = () if privacy is None else privacy.columns
    columns = tuple(_column(c) for c in found if c.datum or c.decided_by == "user")
    return PrivacySection(
        lede=_lede(privacy),
        basis="" if privacy is None else privacy.basis,
        columns=columns,
        shared=_shared(found),
        kept=() if privacy is None else privacy.kept,
        judged=() if privacy is None else tuple(_column(c) for c in privacy.judged),
        others=() if privacy is None else privacy.others,
        k=1 if privacy is None else privacy.k,
        subject="" if privacy is None else privacy.subject or "",
        suppressed="" if privacy is None or not privacy.suppressed else fmt.plural(privacy.suppressed, "row"),
        attacks=() if membership is None else tuple(_attack(a) for a in membership.attacks),
        most="" if membership is None else f"{membership.most:g}",
        notes=() if membership is None else membership.notes,
    )


def _lede(privacy: Privacy | None) -> str:
    if privacy is None:
        return "No privacy policy was asked for."
    dropped = len(privacy.dropped)
    treated = fmt.plural(len(privacy.columns) - dropped, "column")
    by = f"Under the policy {privacy.title}" if privacy.policy else "As the brief says"
    gone = f"{fmt.plural(dropped, 'column')} {'was' if dropped == 1 else 'were'} dropped and " if dropped else ""
    return (
        f"{by}, {gone}{treated} changed as they were read. Neither this report nor any file of the project holds what "
        "was taken away, and requests are read in the same way."
    )


def _shared(columns: tuple[ColumnPrivacy, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the columns that are changed only because few rows share values of them, by what was done."""
    named: dict[str, list[str]] = {}
    for column in columns:
        if not column.datum and column.decided_by != "user":
            named.setdefault(done_to(column.action), []).append(column.column)
    return tuple((done, tuple(names)) for done, names in named.items())


def done_to(action: str) -> str:
    """Return what an action does, in words."""
    name, _, size = action.partition(":")
    return _SIZED[name].format(size) if name in _SIZED else DONE[name]


def _column(column: ColumnPrivacy) -> ColumnRow:
    return ColumnRow(
        name=column.column,
        datum=Datum(column.datum).words if column.datum else "",
        done=done_to(column.action),
        decided_by=column.decided_by,
        why=column.why,
    )


def _attack(attack: Attack) -> AttackRow:
    return AttackRow(
        name=ATTACKS.get(attack.name, attack.name), auc=fmt.measured(attack.auc), caught=fmt.measured(attack.caught)
    )
