"""The section on single cases: intervals, what is left to a person, and rows unlike training."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright import format as fmt
from modelwright.evaluate.abstaining import CONFIDENCE, RiskCurve, RiskPoint
from modelwright.package.sureness import Sureness
from modelwright.report import charts
from modelwright.report.charts import Frame, Mark, Series
from modelwright.report.figures import Figure

__all__ = ["CoverageRow", "RiskRow", "SureSection", "section"]


@dataclass(frozen=True, kw_only=True)
class CoverageRow:
    """How often the truth lay inside, as texts."""

    asked: str
    found: str
    within: str
    n: str


@dataclass(frozen=True, kw_only=True)
class RiskRow:
    """What is answered at a risk, as texts; ``chosen`` where the brief asks for it."""

    risk: str
    answered: str
    answered_within: str
    wrong: str
    wrong_within: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class SureSection:
    """What the template shows."""

    lede: str
    coverage: tuple[CoverageRow, ...]
    coverage_words: str
    risks: tuple[RiskRow, ...]
    risk_words: str
    curve: Figure | None
    unusual_words: str


def section(sure: Sureness | None) -> SureSection | None:
    """Return the section, None where nothing is known."""
    if sure is None:
        return None
    found = sure.risks
    return SureSection(
        lede=_lede(sure),
        coverage=tuple(
            CoverageRow(
                asked=_asked(m.name),
                found=fmt.share(m.value or 0.0),
                within="" if m.low is None or m.high is None else f"{fmt.share(m.low)} to {fmt.share(m.high)}",
                n=fmt.count(m.n),
            )
            for m in sure.coverage
        ),
        coverage_words=_coverage_words(sure),
        risks=() if found is None else tuple(_risk_row(p, sure) for p in found.at),
        risk_words=_risk_words(sure),
        curve=None if found is None else _curve(found, sure),
        unusual_words=_sentence(sure.unusual),
    )


def _coverage_words(sure: Sureness) -> str:
    told = [_sentence(sure.intervals)]
    if sure.intervals.startswith("sets"):
        told.append("A set is never without the prediction, so it holds the truth at least as often as that is right.")
    if sure.coverage_on:
        told.append(f"Measured on {sure.coverage_on}.")
    return " ".join(told)


def _asked(name: str) -> str:
    """Return what was asked for, and of which group."""
    coverage, _, group = name.removeprefix("coverage_").partition(" ")
    return f"{coverage}% {group}".strip()


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _lede(sure: Sureness) -> str:
    """Return what matters most: what is answered at the risk that was asked for."""
    if sure.risks is None or sure.asked is None:
        return "A prediction can come with an interval or a set of classes, and with whether to leave it to a person."
    point = next(p for p in sure.risks.at if p.risk == sure.asked)
    if not point.n:
        return f"At a risk of {fmt.share(sure.asked)} no row can be answered: every one is left to a person."
    return (
        f"At a risk of {fmt.share(sure.asked)} it answers {fmt.share(point.answered)} of the rows "
        f"({_within(point.low_answered, point.high_answered)}) and leaves the others to a person; "
        f"{fmt.share(point.wrong)} of the answers were wrong ({_within(point.low, point.high)})."
    )


def _within(low: float, high: float) -> str:
    return f"{fmt.share(low)} to {fmt.share(high)}"


def _risk_row(point: RiskPoint, sure: Sureness) -> RiskRow:
    return RiskRow(
        risk=fmt.share(point.risk or 0.0),
        answered=fmt.share(point.answered),
        answered_within=_within(point.low_answered, point.high_answered),
        wrong=fmt.share(point.wrong) if point.n else "none answered",
        wrong_within=_within(point.low, point.high) if point.n else "",
        chosen=point.risk == sure.asked,
    )


def _risk_words(sure: Sureness) -> str:
    if sure.risks is None:
        return _sentence(sure.abstaining)
    wrong = (
        "Wrong is another class"
        if sure.tolerance is None
        else f"Wrong is a value that is off by more than {fmt.number(sure.tolerance)}"
    )
    return (
        f"{wrong}. Limits are such that the risk is kept with {fmt.share(CONFIDENCE)} confidence, so that fewer rows "
        f"are answered than luck would allow. Measured on {sure.risks.measured_on}."
    )


def _curve(found: RiskCurve, sure: Sureness) -> Figure | None:
    """Return the share of wrong answers by the share of rows answered, those with the least doubt first."""
    points = found.curve
    if len(points) < 2:
        return None
    series = Series(
        x=tuple(p.answered for p in points),
        y=tuple(p.wrong for p in points),
        low=tuple(p.low for p in points),
        high=tuple(p.high for p in points),
        tips=tuple(
            f"{fmt.share(p.answered)} answered: {fmt.share(p.wrong)} wrong ({_within(p.low, p.high)})" for p in points
        ),
    )
    marks = []
    if sure.asked is not None:
        chosen = next(p for p in found.at if p.risk == sure.asked)
        marks.append(Mark(x=None, y=sure.asked, words=f"risk {fmt.share(sure.asked)}"))
        if chosen.n:
            marks.append(Mark(x=chosen.answered, y=chosen.wrong, words="answered"))
    top = max(max(p.high for p in points[len(points) // 4 :]), sure.asked or 0.0)
    frame = Frame(
        label="Share of wrong answers against share of rows answered",
        x_label="share of rows answered",
        y_label="wrong among them",
        x_domain=(0.0, 1.0),
        y_domain=(0.0, min(max(1.15 * top, 0.01), 1.0)),
    )
    return Figure(
        title="What it answers, and how often wrongly",
        words="From left to right rows of more and more doubt are answered; the others go to a person.",
        chart=charts.line_chart(frame, [series], marks),
    )
