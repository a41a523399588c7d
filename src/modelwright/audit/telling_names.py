"""Columns that hold the answer, by what their names say; see `modelwright.audit.leaks`."""

from __future__ import annotations

from modelwright.audit.existence import EXISTENCE_SKILL, existence_skill
from modelwright.audit.findings import AuditContext
from modelwright.audit.names import BEFORE, after_the_fact, shared_stem, siblings, tokens
from modelwright.audit.power import PowerSample, best_skill, skill_alone
from modelwright.audit.signs import TOLD_SIGNS, Leak, Sign

__all__ = [
    "STRONG_NAME_LEAD",
    "STRONG_NAME_SKILL",
    "TOLD_LEAD",
    "TOLD_SKILL",
    "WEAK_NAME_LEAD",
    "WEAK_NAME_SKILL",
    "before_the_event",
    "company",
    "hinted",
    "name_sign",
    "named",
]

# Named columns: far above all columns with an innocent name.
STRONG_NAME_SKILL = 0.10
WEAK_NAME_SKILL = 0.15
STRONG_NAME_LEAD = 1.5
WEAK_NAME_LEAD = 2.0
# ... or less clearly so, which is told and not acted on.
TOLD_SKILL = 0.08
TOLD_LEAD = 1.5


def name_sign(context: AuditContext, name: str) -> tuple[str, bool]:
    """Return what in the name of a column speaks of the outcome (``""``: nothing), and whether it is a strong sign."""
    word, strong = after_the_fact(name)
    if strong:
        return f"'{word}'", True
    stem = shared_stem(name, str(context.target)) if not before_the_event(name) else ""
    if stem:
        return f"'{stem}', as in the target", True
    return (f"'{word}'", False) if word else ("", False)


def before_the_event(name: str) -> bool:
    """Return whether a word of the name puts its value before the event."""
    return bool(BEFORE.intersection(tokens(name)))


def _towers(skill: float, other: float, lead: float) -> bool:
    """Return whether a skill leads another, in what is explained or in what is left unexplained."""
    return skill >= lead * other or (skill > other and (1 - other) >= lead * (1 - skill))


def named(context: AuditContext, names: list[str], rest: list[str], sample: PowerSample) -> dict[str, Leak]:
    """Return columns whose name speaks of the outcome, and which tower above all that have an innocent name."""
    signs = {n: name_sign(context, n) for n in names}
    unnamed = [n for n in rest if not signs[n][0] and existence_skill(context, n, sample) < EXISTENCE_SKILL]
    level = best_skill(context, unnamed)
    found = {}
    for name, (word, strong) in signs.items():
        skill = skill_alone(context, name)
        enough = STRONG_NAME_SKILL if strong else WEAK_NAME_SKILL
        lead = STRONG_NAME_LEAD if strong else WEAK_NAME_LEAD
        if word and skill >= enough and _towers(skill, level, lead):
            found[name] = Leak(column=name, sign=Sign.NAMED, skill=skill, others=level, word=word)
    return found


def hinted(context: AuditContext, names: list[str], rest: list[str]) -> dict[str, Leak]:
    """Return columns whose name or kinship with the target is a reason to ask, with less evidence."""
    kin = siblings(names, str(context.target))
    signs = {n: name_sign(context, n)[0] or ("named almost like the target" if n in kin else "") for n in names}
    level = best_skill(context, [n for n in rest if not signs[n]])
    found = {}
    for name, word in signs.items():
        skill = skill_alone(context, name)
        if word and skill >= TOLD_SKILL and _towers(skill, level, TOLD_LEAD):
            found[name] = Leak(column=name, sign=Sign.HINT, skill=skill, others=level, word=word)
    return found


def company(context: AuditContext, names: list[str], found: dict[str, Leak]) -> dict[str, Leak]:
    """Return columns that are about a leak: their names begin with its name, which has two words or more."""
    leaders = {tokens(n): n for n, leak in found.items() if leak.sign not in TOLD_SIGNS and len(tokens(n)) > 1}
    about = {}
    for name in names:
        if name in found:
            continue
        words = tokens(name)
        leader = next((leaders[words[:i]] for i in range(2, len(words)) if words[:i] in leaders), "")
        if leader:
            skill = skill_alone(context, name)
            about[name] = Leak(column=name, sign=Sign.COMPANY, skill=skill, others=found[leader].skill, word=leader)
    return about
