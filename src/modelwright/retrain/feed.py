"""New rows are looked at before anything is learned from them: a broken feed is refused, and nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from modelwright.data.columns import take
from modelwright.errors import DataError, UsageError, did_you_mean
from modelwright.format import joined, plural
from modelwright.monitor.documents import Judgement, Monitoring
from modelwright.retrain.tables import canonical

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.monitor.windows import Window
    from modelwright.package.bundle import Version

__all__ = ["check_feed", "chosen_by_class", "sound_rows"]

STRETCH = 200
"""Rows that are looked at together, so that a feed that was broken for a while does not hide among all rows."""

MOST_STRETCHES = 50  # of more rows each is longer

MOST_UNREADABLE = 0.2
"""Share of the labels that may not be what the target can have: beyond, it is another column, unit or spelling."""

MOST_SHOWN = 3  # sentences that one error holds


def check_feed(version: Version, new: pa.Table) -> Monitoring:
    """Return what monitoring says of the new rows.

    Raises
    ------
    UsageError
        The target is not among the columns (MW-U801).
    ContractError
        A column that the model reads is missing, or more than half of it cannot be read.
    DataError
        The feed is broken (MW-D802), or the labels are not what the target can have (MW-D803), or came by what happened
        (MW-D805).
    """
    from modelwright.monitor.watching import watch
    from modelwright.monitor.windows import window_of

    target = version.manifest.target
    if target not in new.column_names:
        raise UsageError(
            f"the target column '{target}' is not in the new data ({plural(len(new.column_names), 'column')})",
            fix=did_you_mean(target, new.column_names),
            code="MW-U801",
        )
    labels = new.column(target).to_pylist()
    window = window_of(version, new.drop_columns([target]), labels=labels, refuse=True)
    _check_labels(version, window)
    found = watch(version, window)
    broken = _broken(found)
    if not broken:
        broken = list(sound_rows(version, new)[1])
    if broken:
        raise DataError(
            f"the new data look broken and are not learned from: {joined(broken, MOST_SHOWN)}",
            fix="mend the feed, and give the rows again; if the change is meant, run 'modelwright run' on the new data",
            code="MW-D802",
        )
    if why := chosen_by_class(version, new):
        raise DataError(
            f"the new data are not learned from: {why}",
            fix="give rows of the other classes, too; if the target has changed, run 'modelwright run' on the new data",
            code="MW-D805",
        )
    return found


def chosen_by_class(version: Version, new: pa.Table) -> str:
    """Return that the labels came by what happened, see `modelwright.monitor.selective`; empty where they did not."""
    from modelwright.monitor import wording
    from modelwright.monitor.selective import only_class
    from modelwright.monitor.windows import encode_labels

    classes = version.plan.classes
    y = encode_labels(new.column(version.manifest.target).to_pylist(), classes)
    known = np.flatnonzero(~np.isnan(y))
    if not classes or not len(known) or (y[known] != y[known[0]]).any():
        return ""
    prediction = version.plan.predict(take(canonical(new, version.contract), known))
    number = only_class(y[known], prediction)
    return "" if number is None else wording.one_class(len(known), classes[number], float(prediction[:, number].sum()))


def sound_rows(version: Version, new: pa.Table) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return which rows are not of a broken stretch, in a mask, and what is broken, in words.

    Stretches beside a broken one are left out as well: what broke may have begun in them, or ended.

    Parameters
    ----------
    version : Version
    new : pyarrow.Table
        In the order in which the rows came.
    """
    from modelwright.monitor.watching import watch

    sound, words = np.ones(new.num_rows, dtype=bool), []
    features = new.drop_columns([n for n in (version.manifest.target,) if n in new.column_names])
    stretches = _stretches(new.num_rows)
    for number, rows in enumerate(stretches):
        broken = _broken(watch(version, features.slice(int(rows[0]), len(rows))))
        if broken:
            for beside in stretches[max(number - 1, 0) : number + 2]:
                sound[beside] = False
            words.append(f"rows {rows[0] + 1:,} to {rows[-1] + 1:,}: {joined(broken, MOST_SHOWN)}")
    return sound, tuple(words)


def _stretches(n: int) -> list[np.ndarray]:
    count = min(n // STRETCH, MOST_STRETCHES)
    return np.array_split(np.arange(n), max(count, 1)) if n else []


def _broken(found: Monitoring) -> list[str]:
    return [a.sentence.rstrip(". ") for a in found.alarms if a.judgement is Judgement.BROKEN]


def _check_labels(version: Version, window: Window) -> None:
    """Refuse labels many of which the target cannot have; rows without a label, empty ones too, are left out later."""
    assert window.y is not None
    bad = window.strange.total()
    given = bad + int((~np.isnan(window.y)).sum())
    if bad > MOST_UNREADABLE * given:
        raise DataError(
            f"{plural(bad, 'label')} of {given:,} in '{version.manifest.target}' are none that the target had: "
            + ("other classes" if version.plan.classes else "no numbers"),
            fix="mend the feed; if the target has changed, run 'modelwright run' on the new data",
            code="MW-D803",
        )
