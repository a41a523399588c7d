"""A046: features that name a protected attribute of people, and features that give one away."""

from __future__ import annotations

from typing import ClassVar

from modelwright.audit.building import count, names, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.people import attributes, protected_columns
from modelwright.audit.proxies import COLUMN_SKILL, JOINT_SKILL, MAX_ATTRIBUTES, MIN_ROWS, Proxies, find_proxies

__all__ = ["ProtectedAttributes"]

# Attributes on which people may be treated differently only for a special reason in most legal orders, and the
# special categories of Art. 9 GDPR.
_GRAVE = frozenset({"sex", "ethnic origin", "religion", "disability", "sexual orientation", "pregnancy", "nationality"})


class ProtectedAttributes:
    """Finds features that say sex, origin, religion, age, … of people, and features from which they can be told."""

    code: ClassVar[str] = "A046"
    costly: ClassVar[bool] = True
    title: ClassVar[str] = "Protected attributes"
    what: ClassVar[str] = (
        "A feature is the sex, ethnic origin, religion, age, disability, nationality, marital status, sexual "
        "orientation or pregnancy of a person; or other features tell such an attribute (proxies)."
    )
    why_it_matters: ClassVar[str] = (
        "Decisions about people that differ by such an attribute are forbidden or need a reason in many fields. "
        "Leaving the column out does not help where others tell it, and without the column nobody can measure whether "
        "people are treated alike."
    )
    how_detected: ClassVar[str] = (
        "Words of column names in some fifteen languages, or the values themselves (male and female, Mann and Frau), "
        "in tables whose other columns speak of people, so that the sex of penguins and the age of concrete do not "
        "count. "
        f"Proxies: a column alone explains {percent(COLUMN_SKILL)} of the attribute out of fold, or all others "
        f"together {percent(JOINT_SKILL)} (McFadden's R² for classes, R² of ranks for ages; a small gradient boosting "
        f"machine), for at most {MAX_ATTRIBUTES} attributes. Where the brief names protected columns, only proxies "
        "for these are told."
    )
    what_is_done: ClassVar[str] = (
        "Told; no column is dropped. Columns named with --protected are measured: the report says how errors and "
        "decisions differ between their groups."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return a finding on the attributes and one per attribute with proxies, or why there is nothing to check."""
        protected = protected_columns(context)
        if not protected:
            return "no column names a protected attribute of people"
        found = [] if context.brief.protected else [self._named(context)]
        if len(context.row_numbers) < MIN_ROWS:
            return found
        asked = sorted(protected, key=lambda name: protected[name] not in _GRAVE)[:MAX_ATTRIBUTES]
        proxies = (find_proxies(context, name) for name in asked)
        return found + [self._told(context, p, protected[p.attribute]) for p in proxies if p is not None]

    def _named(self, context: AuditContext) -> Finding:
        found = attributes(context)
        said = ", ".join(f"'{n}' ({attribute})" for n, attribute in found.items())
        return tell(
            self,
            severity=Severity.WARNING if _GRAVE.intersection(found.values()) else Severity.INFO,
            columns=list(found),
            message=f"{count(len(found), 'feature')} {'is a' if len(found) == 1 else 'are'} protected "
            f"attribute{'' if len(found) == 1 else 's'} of people: {said}. If the model decides about them, say so, "
            "and how it treats their groups will be measured.",
            evidence={"n_columns": len(found), **{f"attribute of {n}": a for n, a in found.items()}},
            fix=f"name them with --protected {','.join(found)}; leave them out with --drop only if nothing else tells "
            "them",
        )

    def _told(self, context: AuditContext, proxies: Proxies, attribute: str) -> Finding:
        asked = bool(context.brief.protected)
        shown = [f"'{n}' ({percent(skill)})" for n, skill in list(proxies.columns.items())[:5]]
        if shown:
            message = f"'{proxies.attribute}' ({attribute}) can be told from {', '.join(shown)}"
            message += f" and {len(proxies.columns) - 5} more" if len(proxies.columns) > 5 else ""
            message += f"; all other features together tell {percent(proxies.together)} of it."
        else:
            told = percent(proxies.together)
            message = f"All other features together tell {told} of '{proxies.attribute}' ({attribute}), mostly "
            message += f"{names(proxies.top)}."
        return tell(
            self,
            severity=Severity.WARNING if asked else Severity.INFO,
            columns=list(proxies.columns) or [proxies.attribute],
            message=message + " A model that does not see it can still treat its groups differently.",
            evidence={"attribute": proxies.attribute, "together": proxies.together, **proxies.columns},
            fix="measure errors by group (keep it named with --protected), and ask of each proxy whether it is needed",
        )
