"""The section on single cases says what was measured, and nothing else."""

from __future__ import annotations

from modelwright.evaluate.abstaining import RiskCurve, RiskPoint
from modelwright.evaluate.measurements import Measurement
from modelwright.package.sureness import Sureness
from modelwright.report.sure import section


def point(answered: float, wrong: float, risk: float | None = None) -> RiskPoint:
    n = round(400 * answered)
    return RiskPoint(
        answered=answered,
        wrong=wrong,
        low=wrong / 2,
        high=wrong * 2,
        n=n,
        low_answered=answered * 0.9,
        high_answered=min(answered * 1.1, 1.0),
        risk=risk,
    )


def sureness(**changes: object) -> Sureness:
    facts: dict = {
        "intervals": "sets of classes, each class covered by itself, from 900 rows or groups",
        "coverage": (Measurement(name="coverage_90", value=0.91, low=0.88, high=0.94, n=400, method="Wilson"),),
        "coverage_on": "a lockbox of 400 rows",
        "abstaining": "rows with a doubt of at most 0.2 are answered",
        "asked": 0.05,
        "risks": RiskCurve(
            curve=tuple(point(k / 10, 0.01 * k) for k in range(1, 11)),
            at=(point(0.2, 0.01, 0.01), point(0.6, 0.04, 0.05), point(1.0, 0.1, 0.2)),
            measured_on="a lockbox of 400 rows",
        ),
        "unusual": "8 columns and 12 pairs of them, from 900 rows",
        "alarms": 0.04,
    }
    return Sureness(**{**facts, **changes})


def test_what_is_answered_at_the_risk_asked_for_comes_first() -> None:
    shown = section(sureness())
    assert shown is not None
    assert shown.lede == (
        "At a risk of 5% it answers 60% of the rows (54% to 66%) and leaves the others to a person; "
        "4% of the answers were wrong (2% to 8%)."
    )
    assert [(r.risk, r.answered, r.chosen) for r in shown.risks] == [
        ("1%", "20%", False),
        ("5%", "60%", True),
        ("20%", "100%", False),
    ]
    assert shown.coverage[0].asked == "90%" and shown.coverage[0].found == "91%"
    assert shown.curve is not None and "risk 5%" in shown.curve.chart
    assert shown.unusual_words.startswith("8 columns")


def test_no_row_answered_is_said_in_words() -> None:
    nobody = RiskCurve(curve=(point(1.0, 0.4),), at=(point(0.0, 0.0, 0.05),), measured_on="a lockbox of 400 rows")
    shown = section(sureness(risks=nobody))
    assert shown is not None and "no row can be answered" in shown.lede
    assert shown.risks[0].wrong == "none answered" and shown.curve is None


def test_a_tolerance_says_what_is_wrong_and_without_a_risk_nothing_is_chosen() -> None:
    shown = section(sureness(tolerance=12.5, asked=None))
    assert shown is not None and "off by more than 12.5" in shown.risk_words
    assert not any(row.chosen for row in shown.risks)


def test_a_version_that_knows_nothing_has_no_section() -> None:
    assert section(None) is None
    shown = section(Sureness(intervals="none"))
    assert shown is not None and not shown.risks and not shown.coverage
