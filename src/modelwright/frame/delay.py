"""Labels that take time: what is not known yet when a stretch of time begins cannot train what is judged on it.

Who predicts today has no labels of yesterday where labels take a month. So the rows of the month before each judged
stretch are left out of training (`known_by`; purging, López de Prado 2018, *Advances in Financial Machine Learning*,
chapter 7).
"""

from __future__ import annotations

from modelwright.brief import Brief, parse_delay
from modelwright.data.contract import Contract, Kind
from modelwright.errors import UsageError
from modelwright.frame.problem import Choice
from modelwright.frame.splitting import NEEDS_TIME, Split

__all__ = ["choose_delay"]


def choose_delay(brief: Brief, split: Split, contract: Contract) -> tuple[float, Choice | None]:
    """Return how long labels take, in the unit of the time column as canonical rows have it, and the decision.

    Raises
    ------
    UsageError
        The split does not go by the time of a column (MW-U316), or the delay is in another unit than the time
        (MW-U317).
    """
    if brief.label_delay is None:
        return 0.0, None
    if split.kind not in NEEDS_TIME or len(split.clock) != 1:
        raise UsageError(
            f"the brief says that labels take {brief.label_delay}, and the split ({split.kind}) has no time column",
            fix="name the column that orders the rows with --time, or leave --label-delay out",
            code="MW-U316",
        )
    (time,) = split.clock
    dated = contract[time].kind is Kind.DATETIME
    delay = parse_delay(brief.label_delay) if dated else _number(brief.label_delay, time)
    why = f"labels take {brief.label_delay} to be known, says the brief: rows of '{time}' so shortly before a "
    why += "judged stretch of time train nothing that is judged on it; the version itself learns from all rows"
    value = str(brief.label_delay)
    return delay, Choice(question="label delay", value=value, alternatives=("none",), decided_by="user", why=why)


def _number(delay: str, time: str) -> float:
    try:
        found = float(delay)
    except ValueError:
        found = -1.0
    if not 0 < found < float("inf"):
        raise UsageError(
            f"the brief says that labels take '{delay}', and the time column '{time}' holds numbers",
            fix=f"give a number above 0 in the unit of '{time}', or say what it is with --kind {time}=datetime",
            code="MW-U317",
        )
    return found
