"""From the gates to the verdict, and to two sentences that a manager understands."""

from __future__ import annotations

from collections.abc import Sequence

from modelwright import format as fmt
from modelwright.brief.gates import THRESHOLDS
from modelwright.evaluate import metrics
from modelwright.govern.gates.abstaining import AnswersEnough
from modelwright.govern.gates.base import Case, Check, Failing, Finding, number
from modelwright.govern.gates.baselines import BeatsConstant, BeatsSimpleModels
from modelwright.govern.gates.certainty import HasScore, KnownWell
from modelwright.govern.gates.fairness import FairEnough
from modelwright.govern.gates.leaks import NoOpenErrors
from modelwright.govern.gates.limits import FullyTrained, WithinBudget, WithinLatency, WithinMemory, WithinSize
from modelwright.govern.gates.privacy import PrivateEnough
from modelwright.govern.gates.quality import GoodEnough
from modelwright.govern.gates.reproducing import Reproducible
from modelwright.govern.gates.slices import EvenAcrossSlices
from modelwright.govern.gates.splitting import FairSplit
from modelwright.govern.gates.stability import Stable
from modelwright.govern.gates.sturdy import Sturdy
from modelwright.govern.gates.trust import NotGrosslyOverfitted, NotTooGood, RightProbabilities
from modelwright.govern.gates.worth import WorthItsMoney
from modelwright.govern.verdict import Fixed, Gate, Reason, Verdict

__all__ = ["GATES", "judge"]

GATES: tuple[Check, ...] = (
    HasScore(),
    NoOpenErrors(),
    FairSplit(),
    NotTooGood(),
    FairEnough(),
    PrivateEnough(),
    GoodEnough(),
    KnownWell(),
    BeatsConstant(),
    FullyTrained(),
    BeatsSimpleModels(),
    WorthItsMoney(),
    AnswersEnough(),
    RightProbabilities(),
    NotGrosslyOverfitted(),
    Stable(),
    Sturdy(),
    EvenAcrossSlices(),
    WithinLatency(),
    WithinSize(),
    WithinMemory(),
    WithinBudget(),
    Reproducible(),
)
"""Most important first: what makes the score untrue comes before what makes it small, and that before costs."""
MAX_REASONS = 3
NOT_APPLICABLE = "not applicable: "
_Answered = tuple[Check, Finding]


def judge(case: Case, *, brief: str = "", changed: Sequence[str] = ()) -> Verdict:
    """Return the answer of all gates.

    Parameters
    ----------
    brief : str
        Digest of the brief, for the record.
    changed : sequence of str
        What of the thresholds differs from an earlier run's, a sentence each.

    Returns
    -------
    Verdict
        ``"do not ship"`` when a gate that says so is not passed, or what stood in for a model for want of time does no
        better than something simple; ``"do not build this"`` when a model does not, and that is all that is wrong;
        ``"collect more data"`` when all that is wrong can be put right by more rows; ``"ship with conditions"`` when
        somebody should accept what non-blocking gates say; else ``"ship"``.
    """
    answered = [(gate, _held(gate, gate.check(case), case)) for gate in GATES]
    failed = [(gate, finding) for gate, finding in answered if not finding.passed]
    answer, reasons = _answer(failed)
    others = [a for a in failed if a not in reasons]
    others.sort(key=lambda a: list(Failing).index(a[1].failing))  # stable: within a kind, the order of the gates
    return Verdict(
        answer=answer,
        summary=f"{_how_good(case)} {_what_to_do(answer, reasons, spotless=not failed)}",
        reasons=tuple(
            Reason(gate=gate.name, because=f.why, do=f.do, counts=(gate, f) in reasons) for gate, f in reasons + others
        ),
        gates=tuple(
            Gate(name=gate.name, passed=f.passed, blocking=f.failing.blocking, why=f.why, failing=f.failing.value)
            for gate, f in answered
        ),
        thresholds=_fixed(case),
        brief=brief,
        notes=tuple(changed),
    )


def _held(gate: Check, found: Finding, case: Case) -> Finding:
    """Return what a gate has found; one whose threshold the brief sets, and that could not be held, is no pass."""
    asked = [name for name, threshold in THRESHOLDS.items() if threshold.gate == gate.name and name in case.asked]
    if not asked or not found.passed or not found.why.startswith(NOT_APPLICABLE):
        return found
    why = f"the brief sets {fmt.joined(asked)}, and that could not be held: {found.why.removeprefix(NOT_APPLICABLE)}"
    return Finding(False, why, Failing.CONDITION, "ask for what can be measured here, or leave the threshold out")


def _fixed(case: Case) -> tuple[Fixed, ...]:
    """Return the thresholds that held."""
    values = {name: case.threshold(name) for name in THRESHOLDS}
    return tuple(Fixed(name=n, value=v, by_brief=n in case.asked) for n, v in values.items() if v is not None)


def _answer(failed: list[_Answered]) -> tuple[str, list[_Answered]]:
    """Return the answer and the gates that make it, most important first."""
    by = {kind: [(g, f) for g, f in failed if f.failing is kind] for kind in Failing}
    refused, needless, unsure = by[Failing.DO_NOT_SHIP], by[Failing.DO_NOT_BUILD], by[Failing.COLLECT_MORE_DATA]
    if refused:
        return "do not ship", refused + needless
    # No proof of a gain on few rows is no proof that there is none.
    if unsure and all(isinstance(gate, BeatsConstant) for gate, _ in needless):
        return "collect more data", unsure + needless
    # What stood in for a model proves nothing of what one would be worth: it is the time that was too short.
    hasty = [(gate, f) for gate, f in failed if isinstance(gate, FullyTrained)]
    if needless and hasty:
        return "do not ship", hasty + needless
    if needless:
        return "do not build this", needless
    if by[Failing.CONDITION]:
        return "ship with conditions", by[Failing.CONDITION]
    return "ship", []


def _how_good(case: Case) -> str:
    headline = case.evaluation.headline
    if headline.value is None:
        return f"No score could be measured for the model of '{case.problem.target}'."
    title = metrics.get(headline.name).title
    constant, better = case.against_constant, ""
    if constant is not None and constant.score.value is not None:
        better = f"; without a model it would be {fmt.amount(constant.score)}"
    return f"The model of '{case.problem.target}' reaches {title} {number(headline)} on {headline.n:,} rows{better}."


def _what_to_do(answer: str, reasons: list[_Answered], *, spotless: bool) -> str:
    shown = "; ".join(f.why for _, f in reasons[:MAX_REASONS])
    if len(reasons) > MAX_REASONS:
        shown += f"; and {len(reasons) - MAX_REASONS} more"
    moves = "; ".join(dict.fromkeys(f.do for _, f in reasons[:MAX_REASONS]))
    words = {
        "ship": "Every gate is passed: it can be used." if spotless else "Nothing stands in the way of using it.",
        "ship with conditions": f"It can be used by those who accept that {shown}.",
        "collect more data": f"More data is needed before it is used: {shown}.",
        "do not build this": f"A model is not what helps here: {shown}.",
        "do not ship": f"It should not be used: {shown}.",
    }[answer]
    return f"{words} To do: {moves}." if moves else words
