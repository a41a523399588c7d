"""The target has one role: it is predicted. Whatever else it is named for is refused."""

from __future__ import annotations

from modelwright.brief import Brief
from modelwright.errors import UsageError

__all__ = ["refuse_target_elsewhere"]


def refuse_target_elsewhere(brief: Brief) -> None:
    """Refuse the target in a role that it cannot have beside its own.

    Raises
    ------
    UsageError
        It orders or groups the rows (MW-U311), is left out (MW-U314), protected (MW-U318), or intervals are to hold
        in its groups (MW-U319).
    """
    target = brief.target
    if target is None:
        return
    for field in ("time", "group"):
        if getattr(brief, field) == target:
            raise UsageError(
                f"the {field} column is '{target}', which is the target", fix="name another column", code="MW-U311"
            )
    if target in (*brief.drop, *brief.known_after):
        raise UsageError(
            f"'{target}' is the target and is also left out", fix="take it off the columns to drop", code="MW-U314"
        )
    if target in brief.protected:
        raise UsageError(
            f"'{target}' is the target and is also protected: whom the model treats how is told by other columns",
            fix="name columns that describe people, such as sex or age, with --protected",
            code="MW-U318",
        )
    if brief.interval_by == target:
        raise UsageError(
            f"intervals are to hold in each group of '{target}', which is the target and not known when they are made",
            fix="name another column with --interval-by",
            code="MW-U319",
        )
