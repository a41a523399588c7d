"""Which of two classes is the event: the one that is looked for, class number 1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from modelwright.data.parsing.booleans import boolean_tokens

__all__ = ["ABSENCE_WORDS", "EVENT_WORDS", "Event", "choose_event"]

# Words that name an occurrence, and words that name its absence. Good and bad: what people look for is the bad.
_EVENTS = """
    yes true on positive pos present event case hit success win won responded response converted conversion click
    clicked buy bought buyer purchase purchased accept accepted subscribed fraud fraudulent spam phishing scam toxic
    hate offensive fake attack intrusion anomaly anomalous abnormal outlier bad fail failed failure faulty fault defect
    defective broken error churn churned churner leaver attrition exited default defaulted delinquent bankrupt
    bankruptcy canceled cancelled late delayed overdue dead died death deceased sick ill disease diseased infected
    malignant cancer patient pathologic recurrence relapse readmitted risky high_risk positiv positivo positif
"""
_ABSENCES = """
    no false off negative neg absent none never control ham legit legitimate genuine normal good pass passed ok okay
    fine clean benign healthy alive stayed retained active current paid on_time ontime real rejected low_risk nothing
    negativ negativo négatif negatif
"""
EVENT_WORDS = frozenset(_EVENTS.split())
ABSENCE_WORDS = frozenset(_ABSENCES.split())
# Single letters mean this only beside each other: an "f" beside an "m" is no "false".
LETTER_EVENTS = {("n", "y"): "y", ("j", "n"): "j", ("f", "t"): "t", ("n", "p"): "p"}
NUMERIC_EVENTS = {("0", "1"): "1", ("-1", "1"): "1"}  # the conventions; any other pair of numbers says nothing
NEGATIONS = ("not", "non", "no", "un")


class Event(NamedTuple):
    """The class that counts as the event, who decided (``"user"`` or ``"default"``) and why."""

    name: str
    decided_by: str
    why: str


def choose_event(classes: Sequence[str], counts: Sequence[int], positive: str | None) -> Event:
    """Return which of two classes is the event.

    The brief decides; then words and the usual codes; then the rarer class.

    Parameters
    ----------
    classes : sequence of two str
    counts : sequence of two int
        Rows per class.
    positive : str or None
        The class the brief names; must be one of ``classes``.
    """
    if positive is not None:
        return Event(positive, "user", f"the brief says that '{positive}' is the event")
    by_word = _by_words(classes)
    if by_word is not None:
        return by_word
    total = max(sum(counts), 1)
    rare = min(range(2), key=lambda i: (counts[i], -i))
    other = classes[1 - rare]
    if counts[0] == counts[1]:
        why = f"neither name says it and both classes have {counts[0]:,} rows; the later name was taken"
    else:
        why = (
            f"neither name says it; '{classes[rare]}' is the rarer class "
            f"({counts[rare] / total:.1%} of the rows, '{other}' {counts[1 - rare] / total:.1%})"
        )
    return Event(classes[rare], "default", why)


def _by_words(classes: Sequence[str]) -> Event | None:
    words = [_normal(c) for c in classes]
    pair = tuple(sorted(words))
    if pair in NUMERIC_EVENTS:
        event = classes[words.index(NUMERIC_EVENTS[pair])]
        return Event(event, "default", f"codes {pair[0]} and {pair[1]}: by convention {event} is the event")
    if pair in LETTER_EVENTS:
        event = classes[words.index(LETTER_EVENTS[pair])]
        return Event(event, "default", f"'{event}' beside '{classes[1 - classes.index(event)]}' means that it happened")
    spelled_out = not any(len(w) == 1 and w.isascii() for w in pair)  # "n" and "s" are north and south, too
    if spelled_out and (answers := boolean_tokens(pair)) is not None:
        event = classes[words.index(answers[0][0])]
        return Event(event, "default", f"'{event}' beside '{classes[1 - classes.index(event)]}' is a yes")
    for i in (0, 1):
        if _negates(words[1 - i], words[i]):
            why = f"'{classes[1 - i]}' says that '{classes[i]}' did not happen"
            return Event(classes[i], "default", why)
        if words[i][:1] == ">" and words[1 - i][:1] == "<":
            return Event(classes[i], "default", f"'{classes[i]}' is what lies above the bound")
    # A word for the event outweighs nothing: two such words, or one for each class, leave the question open.
    scores = [(w in EVENT_WORDS) - (w in ABSENCE_WORDS) for w in words]
    if scores[0] == scores[1]:
        return None
    i = 0 if scores[0] > scores[1] else 1
    if scores[i] > 0:
        return Event(classes[i], "default", f"the name '{classes[i]}' says that something happened")
    return Event(classes[i], "default", f"the name '{classes[1 - i]}' says that nothing happened")


def _normal(name: str) -> str:
    text = name.strip().strip("'\"").rstrip(".!").strip().lower()
    number = re.fullmatch(r"([+-]?\d+)(?:\.0+)?", text)
    return str(int(number.group(1))) if number else re.sub(r"[\s\-]+", "_", text) if text[:1].isalpha() else text


def _negates(candidate: str, word: str) -> bool:
    for negation in NEGATIONS:
        if candidate.startswith(negation) and candidate[len(negation) :].lstrip("_") == word:
            return len(word) > 0
    return False
