"""Whether a brief makes sense by itself: what needs no data is refused before any is read."""

from __future__ import annotations

from pathlib import Path

from modelwright.brief import Brief, parse_delay
from modelwright.errors import UsageError
from modelwright.frame.roles import refuse_target_elsewhere

__all__ = ["refuse_nonsense"]


def refuse_nonsense(brief: Brief) -> None:
    """Refuse what no data could make sense of: names of what does not exist, and fields that contradict each other.

    Raises
    ------
    UsageError
        With the code that the same mistake has where it needs the data to show.
    NotFound
        The test file does not exist (MW-D110).
    """
    _refuse_unknown(brief)
    refuse_target_elsewhere(brief)
    _refuse_contradictions(brief)
    if brief.fairness_thresholds:
        _refuse_idle_thresholds(brief)
    if brief.payoff:
        _refuse_payoff(brief)
    if brief.label_delay is not None and not _is_number(brief.label_delay):
        parse_delay(brief.label_delay)
    if brief.test is not None and "://" not in brief.test and not brief.test.startswith("<"):
        _refuse_missing(Path(brief.test))


def _refuse_unknown(brief: Brief) -> None:
    """Refuse names of objectives, metrics, splits, kinds, policies, actions and rules that there are not."""
    from modelwright import objectives
    from modelwright.audit import RULES
    from modelwright.audit.runner import check_allowed
    from modelwright.data.contract import check_kind
    from modelwright.data.treating.treatment import parse_action
    from modelwright.evaluate import metrics
    from modelwright.frame.metric import check_suited
    from modelwright.frame.splitting import check_split
    from modelwright.govern.privacy.policy import load_policy

    objective = None if brief.objective is None else objectives.get(brief.objective)
    metric = None if brief.metric is None else metrics.get(brief.metric)
    if objective is not None and metric is not None:
        check_suited(metric, objective)
    if brief.split is not None:
        check_split(brief.split)
    for column, kind in brief.kinds.items():
        check_kind(column, kind)
    if brief.privacy is not None:
        load_policy(brief.privacy)
    for column, action in brief.private.items():
        parse_action(action, f"column '{column}'")
    check_allowed(brief.allow, RULES)


def _refuse_contradictions(brief: Brief) -> None:
    if brief.objective == "regress" and brief.positive is not None:
        raise UsageError(
            f"the brief names a class that counts as the event ('{brief.positive}'), and the target is a number",
            fix="leave --positive out, or say --objective classify",
            code="MW-U320",
        )
    if brief.objective == "classify" and brief.tolerance is not None:
        raise UsageError(
            f"a tolerance of {brief.tolerance} was given, and '{brief.target}' has classes: they are right or wrong",
            fix="leave --tolerance out",
            code="MW-U606",
        )
    if brief.capacity is not None and brief.cases is not None and brief.capacity > brief.cases:
        raise UsageError(
            f"{brief.capacity:,} cases can be acted on in a {brief.period}, and {brief.cases:,} come",
            fix="leave --capacity out where all can be acted on, or correct one of the two",
            code="MW-U426",
        )


def _refuse_idle_thresholds(brief: Brief) -> None:
    """Refuse thresholds by group where nothing says of which groups, or by what they are to be alike."""
    from modelwright.steps.mitigating import WORTH_TRYING

    if not brief.protected or brief.fairness not in WORTH_TRYING:
        by = brief.fairness or "nothing"
        lacks = f"compares groups by {by}" if brief.protected else "names no protected column"
        raise UsageError(
            f"the brief allows thresholds by group, and {lacks}: there would be none",
            fix="name columns with --protected, and say --fairness selection, opportunity or errors",
            code="MW-U321",
        )


def _refuse_payoff(brief: Brief) -> None:
    """Refuse a payoff that fits no target, or not the objective; that of more than two classes needs their names."""
    from modelwright.evaluate.money.payoffs import OUTCOMES, SIDES, check_names, check_payoff, read_payoff

    check_names(brief.payoff)
    named = set(brief.payoff)
    if brief.objective == "regress" or named <= set(SIDES):
        read_payoff(brief.payoff, ())
    elif named <= set(OUTCOMES):
        check_payoff(brief.payoff)


def _is_number(text: str) -> bool:
    """Return whether a delay is in the unit of a time column of numbers; whether it fits is seen once that is read."""
    try:
        return float(text) > 0
    except ValueError:
        return False


def _refuse_missing(test: Path) -> None:
    from modelwright.data.readers.opening import cannot_open

    if not test.expanduser().exists():
        raise cannot_open(test, FileNotFoundError())
