"""Which features tell a protected attribute: the search for leaks, turned on the attribute as a target."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.leaks import sure_leaks
from modelwright.audit.looking import coded, memo
from modelwright.audit.people import attribute_of
from modelwright.audit.power import joint_skill, power
from modelwright.data.columns import Strings
from modelwright.data.contract import Kind

__all__ = ["COLUMN_SKILL", "JOINT_SKILL", "MAX_ATTRIBUTES", "MIN_ROWS", "Proxies", "find_proxies"]

MIN_ROWS = 200  # of a skill measured on fewer rows, too much is luck
# One column: a quarter of what there is to know is an area under the ROC curve of about 0.8. All together: half,
# an area of about 0.93.
COLUMN_SKILL = 0.25
JOINT_SKILL = 0.5
MAX_ATTRIBUTES = 4
MAX_CLASSES = 10
MIN_CLASS_ROWS = 20


@dataclass(frozen=True, kw_only=True)
class Proxies:
    """What tells a protected attribute.

    Attributes
    ----------
    attribute : str
    columns : dict
        Share explained alone by column, strongest first.
    together : float
        Share that all other features explain on held-out rows.
    top : tuple of str
        The strongest columns where none is strong enough alone.
    """

    attribute: str
    columns: dict[str, float]
    together: float
    top: tuple[str, ...]


def find_proxies(context: AuditContext, name: str) -> Proxies | None:
    """Return what tells a protected column, None where hardly anything does."""
    return memo(context, ("proxies", name), lambda: _search(context, name))


def _search(context: AuditContext, name: str) -> Proxies | None:
    asked = _turned(context, name)
    if asked is None:
        return None
    attribute = attribute_of(context, name)
    others = [
        n
        for n in context.features
        if n != name
        and n not in context.brief.protected
        and not identifier_reason(context, n)
        and n not in sure_leaks(context)
        and context.contract[n].kind is not Kind.TEXT
        and not (attribute and attribute_of(context, n) == attribute)  # the same said twice is no proxy
    ]
    skills = {n: measured.skill for n in others if (measured := power(asked, n)) is not None}
    ranked = dict(sorted(skills.items(), key=lambda item: (-item[1], item[0])))
    strong = {n: skill for n, skill in ranked.items() if skill >= COLUMN_SKILL}
    together = max(joint_skill(asked, others), max(skills.values(), default=0.0)) if skills else 0.0
    if not strong and together < JOINT_SKILL:
        return None
    return Proxies(attribute=name, columns=strong, together=together, top=tuple(ranked)[:3])


def _turned(context: AuditContext, name: str) -> AuditContext | None:
    """Return a context whose target is the protected column, None where it cannot be one."""
    column = coded(context, name)
    values = context.columns[name]
    classes: tuple[str, ...] = ()
    if not isinstance(values, Strings) and column.n_levels > MAX_CLASSES:
        y = np.asarray(values, dtype=np.float64)
    else:
        kept = np.flatnonzero(column.counts >= MIN_CLASS_ROWS)
        if not 2 <= len(kept) <= MAX_CLASSES:
            kept = np.argsort(-column.counts, kind="stable")[:MAX_CLASSES]
            kept = kept[column.counts[kept] >= MIN_CLASS_ROWS]
        if len(kept) < 2:
            return None
        number = np.full(column.n_levels + 1, np.nan)
        number[kept] = np.arange(len(kept))
        y, classes = number[column.codes], tuple(str(column.values[k]) for k in kept)
    shared = {key: value for key, value in context.shared.items() if isinstance(key, tuple) and key[0] == "coded"}
    return replace(context, target=name, y=y, classes=classes, shared=shared)
