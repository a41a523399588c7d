"""The section on what the model can bear."""

from dataclasses import replace

from modelwright.evaluate.measurements import StressCase, Stressed
from modelwright.report.html import render
from modelwright.report.stress import case_words, section, summary_words
from tests.report import samples

m = samples.m


def stressed() -> Stressed:
    return Stressed(
        base=m("roc_auc", 0.93, 0.01, 1000),
        measured_on="1,000 rows of the lockbox",
        left_out=3,
        cases=(
            StressCase(stress="column missing", columns=("duration",), words="“duration” is missing",
                       score=m("roc_auc", 0.68, 0.02, 1000), lost=m("roc_auc", 0.25, 0.02, 1000), share=0.58,
                       judgement="breaks"),
            StressCase(stress="typos", columns=("job",), words="50% of the words and texts are mistyped",
                       score=m("roc_auc", 0.88, 0.01, 1000), lost=m("roc_auc", 0.05, 0.01, 1000), share=0.12,
                       noticed="300 values of column 'job' did not occur in training", judgement="weakens"),
            StressCase(stress="noise", columns=("age",), words="all numbers are off by 10% of their spread",
                       score=m("roc_auc", 0.929, 0.01, 1000), lost=m("roc_auc", 0.001, 0.002, 1000), share=0.002),
            StressCase(stress="dates", columns=("since",), words="“since” comes as day.month.year", score=None,
                       lost=None, share=None, refused="more than half of 'since' cannot be read", judgement="refused"),
        ),
    )  # fmt: skip


def test_words():
    found = stressed()
    assert summary_words(found) == (
        "Of 4 disturbances of the rows 1 takes more than half of what it has over a constant prediction, 1 takes a "
        "tenth or more, beyond the noise, and 1 is refused by the contract. 1 of the worst is not told of when it is "
        "used."
    )
    first, second, third, fourth = (case_words(c, found) for c in found.cases)
    assert first == (
        "If “duration” is missing, ROC AUC falls from 0.930 to 0.68 (0.66 to 0.70), by 0.25 (0.23 to 0.27): "
        "do not predict then."
    )
    assert second.endswith("by 0.050 (0.040 to 0.060): predict with care.")
    assert third.endswith("no worse beyond the noise.")
    assert (
        fourth == "If “since” comes as day.month.year, nothing is predicted: more than half of 'since' cannot be read."
    )


def test_the_section():
    found = section(stressed())
    assert len(found.said) == 2 and len(found.table.rows) == 3 and len(found.refused) == 1
    assert found.table.rows[0].tone == "bad" and found.table.rows[0].note.endswith("nothing in the rows tells")
    assert found.table.rows[1].note == "predict with care; told of"
    assert section(None) is None and section(replace(stressed(), cases=())) is None


def test_it_is_in_the_report():
    bank = samples.ALL["bank"]()
    page = render(replace(bank, stress=stressed()))
    assert 'id="stress"' in page and "What it can bear" in page and "3 more disturbances" in page
    assert 'id="stress"' not in render(replace(bank, stress=None))
