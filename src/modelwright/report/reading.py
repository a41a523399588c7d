"""The findings that a reader must know, in plain words: what was found, what was done, and what it means for them.

Written for somebody who knows the business and no statistics. What a rule says with its numbers stays in the list of
all findings; here findings of one kind are one card, and those that ask nothing of anybody come last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp

from modelwright import format as fmt
from modelwright.audit import RULES
from modelwright.audit.acting import LEAK_RULES
from modelwright.audit.building import names
from modelwright.audit.findings import Action, Audit, Effect, Finding, Severity
from modelwright.audit.runner import load_rule
from modelwright.frame.problem import Problem, SplitKind
from modelwright.report.words import score_words

__all__ = ["Reading", "done_words", "is_settled", "readings"]

LEAKS = LEAK_RULES | {"A020", "A021", "A023", "A053"}
"""Rules about what only the outcome tells: columns that hold it, and what gives it away by how the file was made."""
DOUBTS = frozenset({"A013", "A014", "A015", "A016", "A022"})
"""Those that ask the reader when a column is filled in, where they cannot tell."""
ORDER = "A018"
MENDED = frozenset({Action.AS_MISSING, Action.AS_KIND, Action.AS_LEVEL, Action.DROP_ROWS})
STRUCTURE = frozenset({Action.GROUP, Action.TIME})
TERMS = {
    "log loss": "the cost of giving too small a chance to what happened",
    "R² of ranks": "the share of the differences that is explained",
}
"""What messages of rules measure by, and what it is."""
NAMED = 4
"""Columns that a sentence names."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One card: findings of one kind.

    Attributes
    ----------
    title : str
    severity : str
    links : tuple of (str, int)
        Code and number in the list of all findings, from 1.
    columns : tuple of str
    said, done, meaning, decide : str
        What was found, what was done, what it means, what is left to decide; the last two may be empty.
    overruled : bool
    """

    title: str
    severity: str
    links: tuple[tuple[str, int], ...]
    columns: tuple[str, ...]
    said: str
    done: str
    meaning: str
    decide: str
    overruled: bool


def readings(audit: Audit, problem: Problem, limit: int = 3) -> tuple[Reading, ...]:
    """Return the cards to read first; notes only where nothing weighs more."""
    heavy = [f for f in audit.findings if f.severity is not Severity.INFO] or list(audit.findings)
    cards: list[list[Finding]] = []
    for finding in heavy:
        alike = next((c for c in cards if _of_one_kind(c[0], finding)), None)
        if alike is None:
            cards.append([finding])
        else:
            alike.append(finding)
    cards.sort(key=lambda card: _rank(card[0], audit))  # stable: within a rank, the order of the audit
    first = cards[:limit]
    # The split decides what the score means, so it is never crowded out.
    split = next((c for c in cards[limit:] if c[0].action in STRUCTURE and not c[0].overruled), None)
    if split is not None and limit > 1:
        first[-1] = split
    return tuple(_reading(card, audit, problem) for card in first)


def done_words(finding: Finding, audit: Audit) -> str:
    """Return what was done about a finding; a doubt about columns that another finding dropped is settled."""
    if is_settled(finding, audit):
        out = _left_out(audit)
        return f"left out already by {', '.join(sorted({out[c] for c in finding.columns}))}"
    return finding.done or "nothing was changed"


def _left_out(audit: Audit) -> dict[str, str]:
    return {c: f.code for f in audit.acting(Action.DROP_COLUMN) for c in f.columns}


def is_settled(finding: Finding, audit: Audit) -> bool:
    """Return whether a finding that changes nothing is about columns that others have dropped, and no others."""
    told, out = finding.action is Action.TOLD and not finding.overruled, _left_out(audit)
    return told and bool(finding.columns) and all(c in out for c in finding.columns)


def _of_one_kind(one: Finding, other: Finding) -> bool:
    """Return whether two findings make one card: leaks that were dropped, or the same rule with the same answer."""
    if (one.action, one.severity, one.overruled) != (other.action, other.severity, other.overruled):
        return False
    leaks = one.code in LEAKS and other.code in LEAKS and one.action is Action.DROP_COLUMN
    return bool(one.columns and other.columns) and (leaks or one.code == other.code)


def _rank(finding: Finding, audit: Audit) -> tuple[int, int]:
    """Return how soon a finding is to be read: errors, then what asks for a decision, then what asks for nothing."""
    severity = list(Severity).index(finding.severity)
    if finding.overruled:
        return severity, 0
    if is_settled(finding, audit):
        return severity, 4
    if finding.code in LEAKS:
        return severity, 0
    if finding.action in STRUCTURE:
        return severity, 1
    return severity, 3 if finding.action is Action.DROP_COLUMN or finding.action in MENDED else 2


def _reading(card: list[Finding], audit: Audit, problem: Problem) -> Reading:
    first = card[0]
    columns = tuple(dict.fromkeys(c for f in card for c in f.columns))
    if first.overruled:
        words = _Words(first.title, _said(first), first.done, f"The risk remains. {_why(first)}")
    elif first.code in LEAKS and first.action is Action.DROP_COLUMN:
        words = _leak(card, columns, problem)
    elif first.code in DOUBTS and first.action is Action.TOLD and columns:
        words = _doubt(first, columns, problem)
    elif first.action in STRUCTURE:
        words = _structure(first, problem)
    elif first.code == ORDER and not columns:
        words = _unexplained(first)
    else:
        words = _other(card, columns)
    if all(is_settled(f, audit) for f in card):
        words = replace(words, done=done_words(first, audit), meaning="Nothing is asked of you.", decide="")
    return Reading(
        **vars(words),
        severity=first.severity.value,
        links=tuple((f.code, audit.findings.index(f) + 1) for f in card),
        columns=columns,
        overruled=first.overruled,
    )


@dataclass(frozen=True)
class _Words:
    title: str
    said: str
    done: str
    meaning: str
    decide: str = ""


def _leak(card: Sequence[Finding], columns: Sequence[str], problem: Problem) -> _Words:
    many = len(columns) > 1
    them, hold = ("them", "hold") if many else ("it", "holds")
    found = min((f.effect for f in card if f.effect), key=lambda e: e.gain.value or 0.0, default=None)
    keep = f"--allow {card[0].code}:{columns[0]}" if not many else f"--allow, such as {card[0].code}:{columns[0]}"
    return _Words(
        title="Columns that give the answer away" if many else "A column that gives the answer away",
        said=f"{'They' if many else 'It'} {hold} what is known only once '{problem.target}' is known, or so it seems.",
        done=f"left out: the model never sees {them}",
        meaning=f"With {them} the model would look better than it can be in use. {_difference(found, them)}".strip(),
        decide=f"if {'one of them is' if many else 'it is'} known before the prediction is needed, keep it with {keep}",
    )


def _doubt(finding: Finding, columns: Sequence[str], problem: Problem) -> _Words:
    they, each = ("They", "each") if len(columns) > 1 else ("It", "it")
    name = columns[0] if len(columns) == 1 else "and its name"
    return _Words(
        title="Is this known in time?",
        said=f"{they} may be filled in only once '{problem.target}' is known: the name or the numbers look like it.",
        done=finding.done,
        meaning="If it is so, the score of this report is too good to be true.",
        decide=f"if it is so, leave {each} out with --known-after {name}",
    )


def _structure(finding: Finding, problem: Problem) -> _Words:
    promised = _promised(problem)
    if finding.action is Action.TIME and problem.split not in (SplitKind.TIME, SplitKind.GROUP_TIME):
        return _Words(
            title="Rows in the order of time",
            said=_said(finding),
            done="nothing: the split does not go by time",
            meaning="On rows that come later the model may do worse than this report says.",
            decide="if it will be used on later rows, ask for --split time",
        )
    if finding.action is Action.TIME:
        return _Words(
            title="Rows in the order of time",
            said=_when(problem.clock),
            done="the model learned from earlier rows and was tested on later ones",
            meaning=f"The score holds for the time to come. {promised}".strip(),
            decide=finding.fix,
        )
    group = f"'{problem.group or finding.columns[0]}'"
    if problem.split not in (SplitKind.GROUP, SplitKind.GROUP_TIME):
        later = problem.split is SplitKind.TIME
        return _Words(
            title="Rows that belong together",
            said=_said(finding),
            done="time goes first: tested on later rows" if later else "nothing: the split does not keep them together",
            meaning=f"The score holds for {'later rows' if later else 'rows'} of what the table holds: the same "
            f"{group} may have been learned from. For new ones the model may do worse.",
            decide=f"if new ones will come, ask for --split {'group_time' if later else 'group'}",
        )
    return _Words(
        title="Rows that belong together",
        said=_said(finding),
        done=f"tested on values of {group} that the model never learned from",
        meaning=f"The score holds for a {group} that the model has never met. {promised}".strip(),
        decide=finding.fix,
    )


def _unexplained(finding: Finding) -> _Words:
    return _Words(
        title="An order that no date explains",
        said="Rows that stand next to each other in the file are alike, as if it were in order of time or in batches.",
        done=finding.done.split(": ")[0],
        meaning="On rows that come later the model may do worse than this report says.",
        decide=finding.fix,
    )


def _other(card: Sequence[Finding], columns: Sequence[str]) -> _Words:
    first = card[0]
    others = tuple(c for c in columns if c not in first.columns)
    said = _said(first) + (f" So it is with {_named(others)}." if others else "")
    if first.action is Action.DROP_ROWS:
        return _Words(first.title, said, first.done, "These rows teach the model nothing and count in no score.")
    if first.action in MENDED:
        return _Words(first.title, said, first.done, "Nothing is asked of you: files to predict are read the same way.")
    if first.action is Action.DROP_COLUMN:
        return _Words(first.title, said, first.done, "Nothing is asked of you: the model does without.")
    return _Words(first.title, said, first.done, _why(first), first.fix)


def _said(finding: Finding) -> str:
    """Return the first sentence of a finding, with a word on terms that only the trade knows."""
    said = _first_sentence(finding.message)
    for term, meaning in TERMS.items():
        said = said.replace(term, f"{term}, {meaning},", 1)
    return said


def _first_sentence(text: str) -> str:
    """Return the first sentence; a full stop inside a name or a number does not end one."""
    return re.match(r"(?:(?<!\w)'[^']*'(?!\w)|(?![.?!]\s+[A-Z'“]).)*[.?!]?", text, re.DOTALL)[0]  # type: ignore[index]


def _named(columns: Sequence[str]) -> str:
    """Return ``"'a', 'b' and 'c'"``, the last of many as a number."""
    shown = [f"'{fmt.short(c, 40)}'" for c in columns[:NAMED]]
    if len(columns) > NAMED:
        shown.append(f"{fmt.count(len(columns) - NAMED)} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _why(finding: Finding) -> str:
    """Return the first sentence of why a rule matters; empty for a rule that is not of this package."""
    if finding.code not in RULES:
        return ""
    return load_rule(RULES[finding.code]).why_it_matters.split(". ")[0].rstrip(".") + "."


def _difference(effect: Effect | None, them: str) -> str:
    """Return what leaving columns out took from a score that was never real, in words; empty where it took nothing."""
    if effect is None or effect.gain.high is None or effect.gain.high >= 0:
        return ""
    left, done = effect.left.value, effect.done.value
    if left is None or done is None:
        return ""
    if effect.left.name == "r2":
        return f"A quick check seemed to explain {left:.0%} of the differences; without {them}, {done:.0%}."
    if effect.left.name == "log_loss":
        shares = f"{exp(-left):.0%}", f"{exp(-done):.0%}"
        return f"A quick check seemed to be {shares[0]} sure of what came true; without {them}, {shares[1]}."
    return ""


def _when(clock: tuple[str, ...]) -> str:
    """Return what says when each row came about."""
    if not clock:
        return "The order of the file is the order of time."
    return f"{names(clock)} {'together say' if len(clock) > 1 else 'says'} when each row came about."


def _promised(problem: Problem) -> str:
    """Return what a random split would have promised, in words; empty where it was not measured."""
    o = problem.optimism
    sure = None if o is None else fmt.too_good(o.excess)
    if o is None or sure is None:
        return ""
    promise = f"Had rows been dealt at random, a quick check would have promised {score_words(o.naive)}"
    return {
        "surely": f"{promise}; in truth it is about {fmt.amount(o.fair)}.",
        "likely": f"{promise}; in truth it is most likely about {fmt.amount(o.fair)}.",
        "worse": f"{promise}; in truth it is about {fmt.amount(o.fair)}.",
        "unclear": "Whether dealing rows at random would have promised more could not be told from noise.",
    }[sure]
