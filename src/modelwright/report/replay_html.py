"""The page of a replay: what maintenance would have been worth, over time, with what it did and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from modelwright import __version__
from modelwright.ledger import now
from modelwright.monitor.documents import Judgement
from modelwright.report.charts.lines import Frame, Series, line_chart
from modelwright.report.html import page
from modelwright.report.monitor_html import TONES, Page

if TYPE_CHECKING:
    from modelwright.retrain.replay import Replay, ReplayWindow

__all__ = ["render_replay"]

LIVES = (("frozen", "left alone", "base"), ("every_window", "trained after every window", "good"),
         ("maintained", "maintained", "model"))  # fmt: skip
ALARMS = frozenset({Judgement.HARMFUL.value, Judgement.BROKEN.value})


def render_replay(found: Replay, *, project: str) -> str:
    """Return what a replay came to as one self-contained HTML document."""
    tone, answer = _answer(found)
    return page(
        "replay.html",
        r=Page(created_at=now(), software={"modelwright": __version__}),
        title=f"Replay of {project.rstrip('/').split('/')[-1]}",
        found=found,
        tone=tone,
        answer=answer,
        losses=_losses(found),
        worth=_worth(found),
        rows=list(enumerate(found.by_window, 1)),
        tones={str(j): tone for j, tone in TONES.items()},
    )


def _answer(found: Replay) -> tuple[str, str]:
    low, high = found.gain.low, found.gain.high
    if low is not None and low > 0:
        return "good", "Maintenance would have been worth it"
    if high is not None and high < 0:
        return "bad", "Maintenance would have made it worse: leave the model alone"
    return "fair", "Maintenance would have made no difference beyond the noise"


def _losses(found: Replay) -> Markup:
    series = [_line(found.by_window, life, words, tone) for life, words, tone in LIVES]
    label = f"mean {found.loss} by window: maintained, left alone, trained after every window"
    frame = Frame(label=label, x_label="window", y_label=f"mean {found.loss}")
    return line_chart(frame, [*series, *_did(found)])


def _line(windows: Sequence[ReplayWindow], life: str, words: str, tone: str) -> Series:
    points = [(number, getattr(w, life)) for number, w in enumerate(windows, 1) if getattr(w, life) is not None]
    return Series(
        x=tuple(float(number) for number, _ in points),
        y=tuple(loss for _, loss in points),
        tips=tuple(f"window {number}, {words}: {loss:.4g}" for number, loss in points),
        tone=tone,
    )


def _did(found: Replay) -> list[Series]:
    """Return marks on the maintained line: windows with an alarm, and what was done after them."""
    known = [(number, w) for number, w in enumerate(found.by_window, 1) if w.maintained is not None]
    alarms = [(number, w, f"judged {w.judgement}") for number, w in known if w.judgement in ALARMS]
    acted = [(number, w, ", ".join(w.actions)) for number, w in known if w.actions]
    return [_marks(alarms, "bad"), _marks(acted, "chosen")]


def _marks(points: Sequence[tuple[int, ReplayWindow, str]], tone: str) -> Series:
    return Series(
        x=tuple(float(number) for number, _, _ in points),
        y=tuple(w.maintained or 0.0 for _, w, _ in points),
        tips=tuple(f"window {number}: {words}" for number, _, words in points),
        tone=tone,
        joined=False,
    )


def _worth(found: Replay) -> Markup:
    """Return the chart of the loss that was saved up to each window, of all the stream's loss."""
    total = sum(w.labelled * (w.frozen or 0.0) for w in found.by_window)
    series = []
    for life, words, tone in LIVES[1:]:
        saved, y = 0.0, []
        for w in found.by_window:
            saved += w.labelled * ((w.frozen or 0.0) - (getattr(w, life) or 0.0))
            y.append(100 * saved / total if total else 0.0)
        tips = tuple(f"up to window {i}, {words}: {v:.2g} %" for i, v in enumerate(y, 1))
        series.append(Series(x=tuple(map(float, range(1, len(y) + 1))), y=tuple(y), tips=tips, tone=tone))
    label = "loss saved up to each window, in percent of the loss of the model left alone"
    return line_chart(Frame(label=label, x_label="window", y_label="% of the loss saved so far"), series)
