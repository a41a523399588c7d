"""What the actions of the audit are worth: a quick model's score with the data as they are, and as they are made."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace

from modelwright.audit.findings import Action, Audit, AuditContext, Effect, Finding
from modelwright.audit.probing import Probe, difference, probe, score
from modelwright.data.columns import Columns

__all__ = ["MEASURED", "measure_effects"]

MEASURED = frozenset({Action.DROP_COLUMN, Action.AS_MISSING, Action.AS_KIND, Action.AS_LEVEL})
"""Actions on columns; what a split is worth is measured where it is chosen, see `modelwright.frame.naive`."""


LEAST_S = 1.0  # two probes and, the first time, the import of their library: with less, none is begun


def measure_effects(
    context: AuditContext, audit: Audit, *, repaired: Columns, dropped: Collection[str], seconds: float
) -> Audit:
    """Return the audit with what each action does to the score of a quick model, the gravest findings first.

    Everything is measured out of fold, on the same rows: the columns that are kept, with and without the one that is
    dropped, or with a column as it came and as it is read now.

    Parameters
    ----------
    repaired : Columns
        The columns of the context that are read anew, over its rows.
    dropped : collection of str
        Columns that the model does not see.
    seconds : float
        When they are over, the findings that are left stay unmeasured.
    """
    if seconds < LEAST_S:
        return audit
    until = time.monotonic() + seconds
    kept = [name for name in context.features if name not in dropped]
    base: Probe | None = None
    found: list[Finding] = []
    for finding in audit.findings:
        acts = finding.action in MEASURED and not finding.overruled and context.target not in finding.columns
        if acts and time.monotonic() < until:
            base = base or probe(context, kept, repaired)
            finding = (
                finding if base is None else replace(finding, effect=_effect(context, finding, base, kept, repaired))
            )
        found.append(finding)
    return replace(audit, findings=tuple(found))


def _effect(context: AuditContext, finding: Finding, done: Probe, kept: list[str], repaired: Columns) -> Effect | None:
    if finding.action is Action.DROP_COLUMN:
        names, columns = [*kept, *(c for c in finding.columns if c in context.features)], repaired
    else:
        names, columns = kept, {n: c for n, c in repaired.items() if n not in finding.columns}
    if finding.action is not Action.DROP_COLUMN and not set(finding.columns) & set(kept):
        return None  # it is dropped by another finding
    left = probe(context, dict.fromkeys(names), columns)
    if left is None:
        return None
    seed = context.brief.seed
    return Effect(left=score(left, seed=seed), done=score(done, seed=seed), gain=difference(done, left, seed=seed))
