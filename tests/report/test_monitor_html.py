"""The pages of a monitoring and of a replay: what they answer, what they list, and that text in them is text."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from modelwright.evaluate.measurements import Measurement
from modelwright.monitor.documents import Alarm, ColumnState, Judgement, Monitoring
from modelwright.report.monitor_html import NEWEST_ALARMS, render_monitoring
from modelwright.report.replay_html import render_replay
from modelwright.retrain.replay import Replay, ReplayWindow
from tests.report.test_html import LOADS, Page


def loss(value: float, half: float = 0.02) -> Measurement:
    return Measurement(name="log_loss", value=value, low=value - half, high=value + half, n=500, method="mean")


def alarm(judgement: Judgement, sentence: str, column: str | None = "age") -> Alarm:
    return Alarm(
        check="drift", column=column, judgement=judgement, moved=loss(0.2), evidence=40.0, use=0.3, sentence=sentence
    )


def window(judgement: Judgement, *alarms: Alarm, real: float | None = 0.4) -> Monitoring:
    return Monitoring(
        version="3",
        rows=500,
        end="2026-03-05T09:30:00Z",
        judgement=judgement,
        alarms=alarms,
        expected=loss(0.4),
        estimated=loss(0.41),
        real=None if real is None else loss(real),
        columns=(ColumnState(name="age", missing=0.1, outside=0.0, distance=0.2, p=0.01, evidence=40.0, use=0.3),),
    )


HARMFUL = window(Judgement.HARMFUL, alarm(Judgement.HARMFUL, "the loss rose to 0.6"), real=0.6)
QUIET = window(Judgement.QUIET)


def sound(html: str) -> Page:
    """Return the page, well-formed, with links that lead somewhere and nothing that it loads."""
    page = Page(html)
    assert not page.problems
    assert all(link[1:] in page.ids for link in page.links if link.startswith("#"))
    assert not [name for _, attributes in page.elements for name in attributes if name in LOADS]
    return page


def test_a_monitoring_says_what_the_newest_window_comes_to_and_counts_all():
    html = render_monitoring([QUIET, QUIET, HARMFUL], project="/projects/churn/")
    sound(html)
    assert "<h1>Monitoring of churn</h1>" in html and "The model does worse than it did" in html
    assert "3 windows: 2 quiet, 1 harmful" in html
    assert "the loss rose to 0.6" in html and html.count("<figure>") == 3


def test_of_many_alarms_the_newest_are_shown_and_the_others_counted():
    old = window(Judgement.HARMLESS, *(alarm(Judgement.HARMLESS, f"moved {i}") for i in range(NEWEST_ALARMS + 3)))
    html = render_monitoring([old, HARMFUL], project="churn")
    assert html.index("the loss rose to 0.6") < html.index("moved 0") and "And 4 earlier alarms." in html


def test_a_monitoring_without_windows_says_so():
    html = render_monitoring([], project="churn")
    sound(html)
    assert "No window was judged yet" in html and "0 windows</p>" in html


def test_what_a_column_is_called_is_text_in_a_monitoring():
    html = render_monitoring(
        [window(Judgement.BROKEN, alarm(Judgement.BROKEN, "<script>x</script> is null"))], project="a"
    )
    assert "<script>x" not in html and "&lt;script&gt;x" in html


def lived(number: int, actions: tuple[str, ...] = ()) -> ReplayWindow:
    return ReplayWindow(
        labelled=100, frozen=0.5 + number / 10, maintained=0.5, every_window=0.48, judgement="harmful", actions=actions
    )


REPLAY = Replay(
    loss="log loss", frozen=0.6, maintained=0.5, every_window=0.48, gain=loss(0.1), behind=loss(0.02), retrains=2,
    probes=1, promotions=1, rollbacks=0, alarms=2, refused=0, windows=3, rows=300, labelled=300, rows_fitted=400,
    rows_fitted_always=900, judgements=("harmful",) * 3, events=("after window 1: trained",),
    by_window=(lived(0), lived(1, ("trained", "promoted")), lived(2)), told=("labels came at once",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("gain", "answer"),
    [
        (loss(0.1), "Maintenance would have been worth it"),
        (loss(-0.1), "Maintenance would have made it worse"),
        (loss(0.0), "Maintenance would have made no difference beyond the noise"),
    ],
)
def test_a_replay_answers_by_the_interval_of_what_maintenance_is_worth(gain, answer):
    html = render_replay(replace(REPLAY, gain=gain), project="churn")
    sound(html)
    assert answer in html


def test_a_replay_lists_its_windows_and_what_was_done():
    html = render_replay(REPLAY, project="churn")
    assert "trained, promoted" in html and "after window 1: trained" in html and "labels came at once" in html
    rows = re.search(r'<section id="windows">.*?</section>', html, re.DOTALL)
    assert rows is not None and rows.group().count("<tr") == 1 + len(REPLAY.by_window)
