"""Asks every rule and gathers the answers. A rule that crashes is told; it never stops the job."""

from __future__ import annotations

import copy
import time
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from importlib import import_module

import numpy as np

from modelwright.audit import RULES
from modelwright.audit.building import count, names
from modelwright.audit.findings import Action, Audit, AuditContext, Finding, Outcome, Rule, Severity
from modelwright.errors import UsageError, did_you_mean

__all__ = ["check_allowed", "load_rule", "run_audit"]

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def load_rule(path: str) -> type[Rule]:
    """Return the class behind ``"package.module:Class"``, or the first that ``"package.module"`` makes public."""
    module, _, name = path.partition(":")
    found = import_module(module)
    return getattr(found, name or found.__all__[0])


def run_audit(
    context: AuditContext,
    rules: Mapping[str, str | type[Rule]] | None = None,
    *,
    seconds: float = float("inf"),
    looking_seconds: float = float("inf"),
) -> Audit:
    """Return what the rules say of the data.

    Parameters
    ----------
    context : AuditContext
    rules : mapping of code to path or class, optional
        `modelwright.audit.RULES` unless given.
    seconds : float
        When they are over, rules that say of themselves that they are costly are not asked any more. They are asked
        last, and none of them acts: what a model is made from never depends on how fast a machine is.
    looking_seconds : float
        The same for rules that say that they only tell: they look at one column after the other, of which there may be
        thousands. They are asked after those that act.

    Raises
    ------
    UsageError
        ``brief.allow`` names a rule or a column that does not exist.
    """
    table = RULES if rules is None else rules
    allowed = _allowed(context, table)
    seed = int(copy.deepcopy(context.rng).integers(2**32))
    findings: list[Finding] = []
    outcomes: list[Outcome] = []
    began = time.monotonic()
    until = {0: float("inf"), 1: began + looking_seconds, 2: began + seconds}
    _load_libraries()
    loaded: dict[str, type[Rule]] = {}
    for code, entry in table.items():
        try:
            loaded[code] = load_rule(entry) if isinstance(entry, str) else entry
        except Exception as error:  # noqa: BLE001 - rules come from anywhere, and their modules too
            why = f"the rule cannot be loaded: {type(error).__name__}: {error}"
            outcomes.append(Outcome(code=code, title=code, answer="failed", why=why, seconds=0.0))
    for code, rule in sorted(loaded.items(), key=lambda item: (_turn(item[1]), item[0])):
        if time.monotonic() > until[_turn(rule)]:
            outcomes.append(_not_asked(rule))
            continue
        said, outcome = _ask(rule, replace(context, rng=np.random.default_rng([seed, zlib.crc32(code.encode())])))
        told = [part for finding in said for part in _overrule(finding, allowed)]
        if told and all(finding.overruled for finding in told):
            outcome = replace(outcome, answer="allowed", why=f"{outcome.why}, which the brief allows")
        outcomes.append(outcome)
        findings.extend(told)
    findings = _beside_drops(findings)
    findings.sort(key=lambda f: (_ORDER[f.severity], f.code, f.overruled))
    return Audit(
        findings=tuple(findings),
        outcomes=tuple(sorted(outcomes, key=lambda o: o.code)),
        n_rows=context.n_rows,
        n_rows_examined=len(context.row_numbers),
    )


# What stays where a column is dropped as the copy of another: evidence of the finding that drops it.
COPY_OF = "copy_of"


def _beside_drops(findings: list[Finding]) -> list[Finding]:
    """Return the findings, those about columns that another one drops saying so."""
    dropped: dict[str, str] = {}
    for finding in sorted(findings, key=lambda f: f.code):
        if finding.action is Action.DROP_COLUMN and not finding.overruled:
            for column in finding.columns:
                dropped.setdefault(column, finding.code)
    return [replace(f, done=_done_beside(f, dropped)) for f in findings]


def _done_beside(finding: Finding, dropped: Mapping[str, str]) -> str:
    """Return what a finding says was done, with what other findings drop of its columns."""
    about = finding.columns
    if finding.action is Action.DROP_COLUMN:
        about = tuple(c for c in (str(finding.evidence.get(COPY_OF, "")),) if c)
    elif finding.action is not Action.TOLD:
        return finding.done
    gone = [c for c in about if dropped.get(c, finding.code) != finding.code]
    if finding.overruled or not gone:
        return finding.done
    rules = sorted({dropped[c] for c in gone})
    codes, drop = ", ".join(rules), "drops" if len(rules) == 1 else "drop"
    if finding.action is Action.DROP_COLUMN:
        return f"dropped, and so is {names(gone)} ({codes})"
    if len(gone) == len(about):
        return f"nothing more was changed: {codes} {drop} {names(gone)}"
    return f"{finding.done}; {codes} {drop} {names(gone)}"


def _load_libraries() -> None:
    """Load what most rules use, so that the first to use it is not charged with a second or more of loading."""
    import scipy.special  # noqa: F401


def _turn(rule: type[Rule]) -> int:
    """Return when a rule is asked: those that act first, then those that only tell, then the costly ones."""
    return 2 if getattr(rule, "costly", False) else 1 if getattr(rule, "tells", False) else 0


def _not_asked(rule: type[Rule]) -> Outcome:
    does = "fits models" if _turn(rule) == 2 else "looks at every column and changes none"
    why = f"it {does}, and the budget leaves no time for that; the audit alone asks every rule"
    return Outcome(code=rule.code, title=rule.title, answer="not asked", why=why, seconds=0.0)


def _ask(rule: type[Rule], context: AuditContext) -> tuple[list[Finding], Outcome]:
    started = time.perf_counter()
    said: list[Finding] = []
    try:
        answer = rule().check(context)
    except Exception as error:  # noqa: BLE001 - rules come from anywhere; the one place where a crash becomes a record
        verdict, why = "failed", f"the rule crashed with {type(error).__name__}: {error}"
    else:
        if isinstance(answer, str):
            verdict, why = "not applicable", answer
        elif answer:
            said, verdict, why = answer, "finding", count(len(answer), "finding")
        else:
            verdict, why = "passed", "nothing found"
    seconds = round(time.perf_counter() - started, 4)
    return said, Outcome(code=rule.code, title=rule.title, answer=verdict, why=why, seconds=seconds)


def check_allowed(allow: Iterable[str], rules: Collection[str]) -> None:
    """Refuse to overrule a rule that there is not; raises UsageError (MW-D201)."""
    for entry in allow:
        code = entry.partition(":")[0]
        if code not in rules:
            what = f"the brief allows '{entry}', but there is no rule '{code}'"
            raise UsageError(what, fix=did_you_mean(code, rules), code="MW-D201")


def _allowed(context: AuditContext, rules: Mapping[str, object]) -> dict[str, set[str]]:
    """Return the allowed columns by code; an empty name stands for every column."""
    allowed: dict[str, set[str]] = {}
    check_allowed(context.brief.allow, rules)
    for entry in context.brief.allow:
        code, _, column = entry.partition(":")
        if column and column not in context.contract.names:
            raise UsageError(
                f"the brief allows '{entry}', but there is no column '{column}'",
                fix=did_you_mean(column, context.contract.names),
                code="MW-D202",
            )
        allowed.setdefault(code, set()).add(column)
    return allowed


def _overrule(finding: Finding, allowed: Mapping[str, set[str]]) -> list[Finding]:
    """Return the finding as it stands; where only some of its columns are allowed, it is told in two parts."""
    spared = allowed.get(finding.code)
    if not spared:
        return [finding]
    inside = finding.columns if "" in spared else tuple(c for c in finding.columns if c in spared)
    outside = tuple(c for c in finding.columns if c not in inside)
    if not inside and "" not in spared:
        return [finding]
    entry = finding.code if "" in spared else ", ".join(f"{finding.code}:{c}" for c in inside)
    done = f"nothing was changed: the brief allows {entry}"
    if finding.action is not Action.TOLD:
        done += f" (it would have been: {finding.action})"
    parts = [replace(finding, columns=inside, overruled=True, done=done)]
    return [replace(finding, columns=outside), *parts] if outside else parts
