"""Classes as they will be, for the rules of the audit: spellings of a class that are read as one are one before."""

from __future__ import annotations

from dataclasses import replace

from modelwright.audit.acting import apply
from modelwright.audit.findings import Action, Audit, AuditContext
from modelwright.errors import UsageError
from modelwright.running import Run

__all__ = ["with_one_spelling"]


def with_one_spelling(run: Run, context: AuditContext) -> AuditContext:
    """Return the context with the target as it is once the spellings of its classes are read as one.

    The other rules would judge classes that there will not be: rare ones, rows too few for each, a score of four
    classes where there are two. The column itself stays as it came, so that the rule about spellings tells of it in its
    turn.
    """
    from modelwright.audit.rules.a041_class_spellings import ClassSpellings
    from modelwright.data.canonical import canonicalise

    rule, target = ClassSpellings(), context.target
    if target is None or not context.classes or any(a.partition(":")[0] == rule.code for a in run.brief.allow):
        return context
    said = rule.check(context)
    merging = tuple(f for f in said if f.action is Action.AS_LEVEL) if not isinstance(said, str) else ()
    if not merging:
        return context
    found = Audit(findings=merging, outcomes=(), n_rows=context.n_rows, n_rows_examined=len(context.row_numbers))
    contract = apply(found, context.contract).contract.only([target])
    columns, _ = canonicalise(run.table.select([target]), contract)
    try:
        y, classes = run.objective.encode(columns[target], contract[target], run.brief)
    except UsageError:  # what is wrong with the class that the brief names is told by the step itself
        y, classes = run.objective.encode(columns[target], contract[target], replace(run.brief, positive=None))
    return replace(context, y=y[context.row_numbers], classes=classes)
