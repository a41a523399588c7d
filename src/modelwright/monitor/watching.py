"""One window of rows, watched: compared with the reference, weighed by what it does to the loss, put into words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.scales import wilson
from modelwright.monitor import wording
from modelwright.monitor.comparing import Compared, compare
from modelwright.monitor.documents import Alarm, Judgement, Monitoring, by_gravity, worst
from modelwright.monitor.history import History
from modelwright.monitor.judging import Evidence, judged
from modelwright.monitor.losses import Real, estimate, expected, measure
from modelwright.monitor.selective import IMPOSSIBLE, only_class
from modelwright.monitor.windows import Window, window_of
from modelwright.package.reference.documents import PREDICTION, Reference
from modelwright.package.reference.fitting import watched_prediction

if TYPE_CHECKING:
    from modelwright.package.bundle import Version

__all__ = ["FEWEST_LABELS", "are_enough", "can_be_measured", "watch", "watch_window"]

FEWEST_LABELS = 30
"""Fewer rows with labels say nothing of the loss that a t-test could be believed in."""


def watch(
    version: Version,
    table: Any,
    *,
    answers: Any = None,
    labels: Any = None,
    history: History | None = None,
    late: Window | None = None,
) -> Monitoring:
    """Return what one window of rows says of a version.

    Parameters
    ----------
    version : Version
    table : Window, or rows as `Version.predict` takes them
        Nothing is refused: a column that is not there is an alarm.
    answers : ndarray of shape (n_rows, n_outputs), or mapping of columns, or None
        What was answered at the time; None: the version is asked now.
    labels : sequence or None
        What came true, by row; None or NaN where it is not known yet.
    history : History or None
        Evidence of the windows before; it is gone on with. None: the window is judged alone.
    late : Window or None
        Rows of earlier windows whose labels have come since; the real loss is measured on them instead of on rows of
        this window.

    Raises
    ------
    UsageError
        Answers or labels are not as many as the rows (MW-U705).
    """
    window = table if isinstance(table, Window) else window_of(version, table, answers=answers, labels=labels)
    return watch_window(version, window, history=history or History(), late=late)


def watch_window(
    version: Version, window: Window, *, history: History, late: Window | None = None, seen: bool = False
) -> Monitoring:
    """Return what one window says; see `watch`. Its rows were ``seen`` where only their labels are new."""
    number = str(version.manifest.version)
    history.begin(version.digest)
    if not window.n_rows:
        return Monitoring(version=number, rows=0, judgement=Judgement.QUIET, told=("there are no rows",))
    reference = version.reference
    compared = compare_window(version, window, reference)
    known = late if late is not None else window
    labelled = _labelled(known)
    n_labelled = 0 if labelled is None else labelled.n_rows
    chosen = _chosen(version, labelled)
    if chosen:
        labelled = None
    real = _real(version, reference, labelled)
    evidence = Evidence(
        reference=reference,
        window=window,
        compared=compared,
        expected=None if reference.loss is None else expected(reference.loss, window.n_rows),
        estimate=None
        if reference.loss is None or window.prediction is None
        else estimate(reference.loss, window.prediction, compared),
        real=real,
        labelled=labelled,
    )
    alarms, states, told, estimated = judged(version, evidence, history, seen=seen)
    alarms = by_gravity((*alarms, *chosen))
    return Monitoring(
        version=number,
        rows=window.n_rows,
        seen=seen,
        start=window.start,
        end=window.end,
        judgement=worst([a.judgement for a in alarms]),
        alarms=alarms,
        expected=evidence.expected,
        estimated=estimated,
        real=None if real is None else real.measurement,
        labelled=n_labelled,
        scores=_scores(version, labelled),
        columns=states,
        seconds=_seconds(window),
        errors=_errors(window),
        strange_labels=known.strange.total(),
        told=(*window.told, *told, *wording.strange_labels(known.strange, version.plan.classes)),
    )


def can_be_measured(window: Window) -> bool:
    """Return whether the labels of a window say anything of the loss: they are enough, and not chosen by what happened.

    Where nothing is known of what was answered no further label changes that.
    """
    if window.y is None or window.prediction is None:
        return True
    return are_enough(window) and only_class(window.y, window.prediction) is None


def are_enough(window: Window) -> bool:
    """Return whether the labels of a window are enough to be looked at."""
    return window.y is not None and int((~np.isnan(window.y)).sum()) >= FEWEST_LABELS


def compare_window(version: Version, window: Window, reference: Reference) -> dict[str, Compared]:
    """Return every column of a window and its predictions beside the reference."""
    found = {}
    for column, spec in zip(reference.columns, version.contract.columns, strict=True):
        if column.name not in window.absent and column.name not in window.hidden:
            found[column.name] = compare(window.columns[column.name], column, spec, reference.rows)
    if reference.prediction is not None and window.prediction is not None:
        found[PREDICTION] = compare(watched_prediction(window.prediction), reference.prediction, None, reference.rows)
    return found


def _labelled(window: Window) -> Window | None:
    """Return the rows of a window whose labels are known; None where they are too few."""
    from modelwright.data.columns import take

    if window.y is None or window.prediction is None or not are_enough(window):
        return None
    rows = np.flatnonzero(~np.isnan(window.y))
    return replace(
        window,
        columns=take(window.columns, rows),
        n_rows=len(rows),
        prediction=window.prediction[rows],
        y=window.y[rows],
        seconds=None,
    )


def _chosen(version: Version, labelled: Window | None) -> tuple[Alarm, ...]:
    """Return that the labels came by what happened, if they did: they wait for those of the other rows."""
    if labelled is None or labelled.y is None or labelled.prediction is None:
        return ()
    number = only_class(labelled.y, labelled.prediction)
    if number is None:
        return ()
    name, expected = version.plan.classes[number], float(labelled.prediction[:, number].sum())
    words = wording.one_class(labelled.n_rows, name, expected)
    alarm = Alarm(
        check="labels",
        column=None,
        judgement=Judgement.UNKNOWN,
        moved=wording.moved("labels", 1.0, labelled.n_rows),
        evidence=1 / IMPOSSIBLE,
        sentence=f"{words[0].upper()}{words[1:]}; give those, too.",
    )
    return (alarm,)


def _real(version: Version, reference: Reference, labelled: Window | None) -> Real | None:
    if labelled is None or reference.loss is None:
        return None
    assert labelled.y is not None and labelled.prediction is not None
    return measure(reference.loss, labelled.y, labelled.prediction, compare_window(version, labelled, reference))


def _scores(version: Version, labelled: Window | None) -> tuple[Measurement, ...]:
    """Return the metric of the problem on rows with labels."""
    from modelwright.evaluate import metrics
    from modelwright.evaluate.intervals import measure as measured

    if labelled is None or version.manifest.metric not in metrics.METRICS:
        return ()
    assert labelled.y is not None and labelled.prediction is not None
    metric = metrics.get(version.manifest.metric)
    if metric.undefined(labelled.y, labelled.prediction):  # one class among them, for example
        return ()
    return (measured(metric, labelled.y, labelled.prediction, threshold=version.plan.threshold),)


def _seconds(window: Window) -> Measurement | None:
    if window.seconds is None or not len(window.seconds):
        return None
    low, median, high = np.quantile(window.seconds, (0.05, 0.5, 0.95))
    return Measurement(
        name="seconds",
        value=float(median),
        low=float(low),
        high=float(high),
        n=len(window.seconds),
        method="median, and between which 90 % of the answers were",
        greater_is_better=False,
        unit="s",
        level=0.9,
    )


def _errors(window: Window) -> Measurement | None:
    share = float(np.mean([window.unreadable.get(name, 0.0) for name in window.columns] or [0.0]))
    low, high = wilson(share * window.n_rows, window.n_rows)
    return Measurement(
        name="unreadable",
        value=share,
        low=low,
        high=high,
        n=window.n_rows,
        method="Wilson",
        greater_is_better=False,
    )
