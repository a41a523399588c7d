"""Documents of the audit, and what a rule is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from modelwright.evaluate.measurements import Measurement

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from modelwright.brief import Brief
    from modelwright.data.columns import Columns
    from modelwright.data.contract import Contract
    from modelwright.data.profile import Profile

__all__ = ["Action", "Audit", "AuditContext", "Effect", "Finding", "Outcome", "Rule", "Severity"]


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"  # the result would be wrong
    WARNING = "warning"  # the result may mislead
    INFO = "info"  # worth knowing


class Action(StrEnum):
    """What Modelwright does about a finding unless it is overruled."""

    DROP_COLUMN = "drop column"  # the model never sees the columns
    DROP_ROWS = "drop rows"  # the rows are left out of training and evaluation
    AS_MISSING = "as missing"  # the contract reads the values as missing
    AS_KIND = "as kind"  # the contract reads the column as another kind
    AS_LEVEL = "as level"  # the contract reads several spellings as one level
    GROUP = "group"  # rows with the same value stay on one side of every split
    TIME = "time"  # the split goes from past to future
    TOLD = "told"  # nothing is changed


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What an action does to the score of a quick model, out of fold and on the same rows.

    Attributes
    ----------
    left, done : Measurement
        The score with the data left as they are, and with the action done: log loss for classes, R² of ranks for
        values.
    gain : Measurement
        By how much ``done`` is better, with the interval of a paired comparison. A leak that is dropped loses a score
        that was never real; an identifier that is dropped loses none.
    """

    left: Measurement
    done: Measurement
    gain: Measurement


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a rule says of the data.

    Attributes
    ----------
    code : str
        Code of the rule, ``"A014"``.
    title : str
        The rule's title.
    severity : Severity
    columns : tuple of str
    message : str
        One or two sentences for a person: what, how much, why it matters. The numbers are in it.
    evidence : dict
        The numbers by name, for machines.
    action : Action
    done : str
        What was done, in words ("dropped: the model never sees it"); for an overruled finding, who overruled it.
    fix : str
        What the user can do at the source.
    rows : tuple of int
        A few example row positions (at most 20), counted from 0.
    n_rows : int
        Rows concerned, 0 where the finding is about columns.
    overruled : bool
        The brief allows it, so ``action`` was not carried out.
    effect : Effect or None
        What the action does to a score, where that was measured.
    """

    code: str
    title: str
    severity: Severity
    columns: tuple[str, ...]
    message: str
    evidence: dict[str, float | int | str]
    action: Action
    done: str
    fix: str
    rows: tuple[int, ...] = ()
    n_rows: int = 0
    overruled: bool = False
    effect: Effect | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one rule answered, and why.

    ``answer`` is ``"passed"``; ``"finding"``; ``"allowed"``, where the brief overrules all it found; ``"not
    applicable"`` to such a table; ``"not asked"``, for want of time; or ``"failed"``.
    """

    code: str
    title: str
    answer: str
    why: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Audit:
    """All findings and the answers of all rules.

    Attributes
    ----------
    findings : tuple of Finding
        Errors first, then warnings, then notes.
    outcomes : tuple of Outcome
        One per rule, in order of code.
    n_rows, n_rows_examined : int
        Rows in the table and rows looked at; fewer on large tables, and the report says so.
    """

    findings: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]
    n_rows: int
    n_rows_examined: int

    def acting(self, action: Action) -> tuple[Finding, ...]:
        """Return the findings with this action that were not overruled."""
        return tuple(f for f in self.findings if f.action is action and not f.overruled)


@dataclass(frozen=True, kw_only=True)
class AuditContext:
    """What rules look at. All arrays are over the same (possibly sampled) rows.

    Attributes
    ----------
    brief, contract, profile
        As decided so far; the contract includes the target.
    columns : Columns
        Canonical columns, target included.
    raw : mapping of ndarray
        The raw values of columns stored as text, as object arrays of str or None, before any missing token was
        recognised; made anew whenever one is asked for.
    target : str or None
    y : ndarray or None, shape (n_rows,)
        Encoded target: class number (float) or value; NaN where missing.
    classes : tuple of str
        Class names by number; empty for regression and without a target.
    test : Columns or None
        Canonical columns of the separate test file.
    row_numbers : ndarray of int
        Position of each row in the source.
    n_rows : int
        Rows in the whole table.
    rng : numpy.random.Generator
    shared : dict
        Results that several rules need (the power of every column, for one), computed on first use and handed on.
        They depend on the data and on ``brief.seed`` alone, never on the order of the rules.
    """

    brief: Brief
    contract: Contract
    profile: Profile
    columns: Columns
    raw: Mapping[str, np.ndarray]
    target: str | None
    y: np.ndarray | None
    classes: tuple[str, ...]
    test: Columns | None
    row_numbers: np.ndarray
    n_rows: int
    rng: np.random.Generator
    shared: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Names of the columns a model may use: all but the target and what the brief drops."""
        left_out = {self.target, *self.brief.drop, *self.brief.known_after}
        return tuple(n for n in self.contract.names if n not in left_out)


class Rule(Protocol):
    """One judgement. A rule looks and answers; it changes nothing, keeps no state and prints nothing.

    ``check`` returns findings, an empty list when all is well, or a sentence (str) that says why the rule does not
    apply. It uses ``context.rng`` for any sampling and takes at most a second on 50,000 × 50.

    Class attributes are also the rule's page in the documentation: ``code``, ``title``, and ``what``,
    ``why_it_matters``, ``how_detected`` (thresholds and their source), ``what_is_done``. A rule that fits models of
    its own and changes nothing sets ``costly``, and one that looks at every column at some cost and changes nothing
    ``tells``: a run with little time does without.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    what: ClassVar[str]
    why_it_matters: ClassVar[str]
    how_detected: ClassVar[str]
    what_is_done: ClassVar[str]

    def check(self, context: AuditContext) -> list[Finding] | str: ...
