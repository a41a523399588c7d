"""A window: some rows of a version's life, canonical, with what was answered and what came true."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.bounds import LARGEST_LABEL
from modelwright.data.canonical import read_columns
from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.enforcing import Fit, Tally, fit_of, refuse_unreadable, violations_of
from modelwright.data.inference.numbers import find_numbers
from modelwright.data.parsing.classes import classes_of
from modelwright.data.parsing.numbers import NumberFormat, read_number
from modelwright.data.parsing.texts import is_missing_text, text_of
from modelwright.errors import UsageError

if TYPE_CHECKING:
    from modelwright.package.bundle import Version

__all__ = ["Window", "encode_labels", "joined_windows", "read_labels", "window_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """Some rows, as the version reads them.

    Attributes
    ----------
    columns : Columns
        Canonical, those of the contract.
    prediction : ndarray of float64, shape (n_rows, n_outputs), or None
        What was answered; None where nothing is known of it.
    y : ndarray of float64, shape (n_rows,), or None
        Class numbers or values, NaN where the label is not known.
    absent : tuple of str
        Columns of the contract that the rows did not have.
    unreadable : dict of float
        By column, the share of present values that are not of its kind.
    start, end : str or None
    seconds : ndarray of float64 or None
        Time that each answer took.
    hidden : tuple of str
        Columns of which nothing is known, as the log masks or hashes them; they are not watched.
    told : tuple of str
    strange : Counter of str
        Labels that the target cannot have, and how often there is each: ``y`` has no label there.
    """

    columns: Columns
    n_rows: int
    prediction: np.ndarray | None = None
    y: np.ndarray | None = None
    absent: tuple[str, ...] = ()
    unreadable: dict[str, float]
    start: str | None = None
    end: str | None = None
    seconds: np.ndarray | None = None
    hidden: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    strange: Counter[str] = field(default_factory=Counter)


def window_of(version: Version, table: Any, *, answers: Any = None, labels: Any = None, refuse: bool = False) -> Window:
    """Return raw rows as a window. What breaks the contract is what monitoring is to find.

    Parameters
    ----------
    version : Version
    table : pyarrow.Table, pandas frame, mapping of columns, sequence of mappings, or path of a file
    answers : ndarray of shape (n_rows, n_outputs), or mapping of columns, or None
        What was answered, as `Version.predict` returns it; None: the version is asked now.
    labels : sequence or None
        What came true, None or NaN where that is not known.
    refuse : bool
        Refuse rows without a column of the contract, or with more than half of one unreadable, as scoring does.

    Raises
    ------
    UsageError
        Labels or answers are not as many as the rows (MW-U705).
    ContractError
        What is refused.
    """
    from modelwright.data.taking import as_table_told

    raw, notes = as_table_told(table)
    names = tuple(raw) if isinstance(raw, dict) else tuple(getattr(raw, "column_names", None) or raw)
    fit = fit_of(names, version.contract, version.contract.names if refuse else ())
    columns, tally = read_columns(raw, fit, version.contract)
    if refuse:
        refuse_unreadable(tally, version.contract)
    prediction = _prediction(version, columns, answers)
    y, strange = (None, Counter()) if labels is None else read_labels(labels, version.plan.classes)
    _check_lengths(tally.n_rows, prediction, y)
    told = [v.message for v in violations_of(fit, tally, version.contract) if v.what == "other spelling"]
    return Window(
        columns=columns,
        n_rows=tally.n_rows,
        prediction=prediction,
        y=y,
        absent=tuple(n for n in version.contract.names if n not in fit.sources),
        unreadable=_unreadable(version, fit, tally),
        told=(*notes, *told),
        strange=strange,
    )


def joined_windows(windows: Sequence[Window]) -> Window:
    """Return windows of the same version as one, in order; what one of them does not know is not known of any row."""
    if len(windows) == 1:
        return windows[0]
    n = sum(w.n_rows for w in windows)
    unreadable = {name for w in windows for name in w.unreadable}
    return Window(
        columns={name: _below([w.columns[name] for w in windows]) for name in windows[0].columns},
        n_rows=n,
        prediction=_stacked([w.prediction for w in windows]),
        y=_stacked([w.y for w in windows]),
        absent=tuple(sorted({name for w in windows for name in w.absent})),
        unreadable={
            name: sum(w.unreadable.get(name, 0.0) * w.n_rows for w in windows) / max(n, 1) for name in unreadable
        },
        start=min((w.start for w in windows if w.start), default=None),
        end=max((w.end for w in windows if w.end), default=None),
        seconds=_stacked([w.seconds for w in windows]),
        hidden=tuple(sorted({name for w in windows for name in w.hidden})),
        told=tuple(dict.fromkeys(t for w in windows for t in w.told)),
        strange=sum((w.strange for w in windows), Counter()),
    )


def _stacked(parts: Sequence[np.ndarray | None]) -> np.ndarray | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if len(known) == len(parts) else None


def _below(parts: Sequence[Column]) -> Column:
    """Return columns one below the other."""
    if not isinstance(parts[0], Strings):
        return np.concatenate([np.asarray(part) for part in parts])
    index: dict[str, int] = {}
    codes = []
    for part in parts:
        assert isinstance(part, Strings)
        table = np.array([index.setdefault(level, len(index)) for level in part.levels] + [-1], dtype=np.int32)
        codes.append(table[part.codes])
    levels = np.empty(len(index), dtype=object)
    levels[:] = list(index)
    return Strings(np.concatenate(codes), levels)


def encode_labels(labels: Sequence[Any] | np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Return labels as class numbers or values, NaN where they are missing or none that the target can have.

    A class in another spelling is that class, see `modelwright.data.parsing.classes.classes_of`.
    """
    return read_labels(labels, classes)[0]


def read_labels(labels: Sequence[Any] | np.ndarray, classes: Sequence[str]) -> tuple[np.ndarray, Counter[str]]:
    """Return labels as `encode_labels` does, and how often there is each that is none that the target can have."""
    values = labels.tolist() if isinstance(labels, np.ndarray) else _listed(labels)
    if classes:
        texts = [text_of(v) or "" for v in values]
        numbers = {name: float(number) for number, name in enumerate(classes)}
        index = {text: numbers[name] for text, name in classes_of(set(texts), classes).items()}
        y = np.array([index.get(text, np.nan) for text in texts], dtype=np.float64)
    else:
        y = _numbers(values)
    unread = (text_of(values[i]) or "" for i in np.flatnonzero(np.isnan(y)))
    return y, Counter(text for text in unread if not is_missing_text(text))


def _listed(values: Any) -> list[Any]:
    for name in ("to_pylist", "tolist", "to_list"):
        if hasattr(values, name):
            return list(getattr(values, name)())
    return list(values)


def _numbers(values: Sequence[Any]) -> np.ndarray:
    """Return values as numbers, NaN where they are none; texts may be written as in training: "1.234,50 €"."""
    counts = Counter(v for v in values if isinstance(v, str) and not is_missing_text(v.strip()))
    if not counts:
        return np.array([_number(v) for v in values], dtype=np.float64)
    written, _ = find_numbers(list(counts), np.array(list(counts.values())))
    read = {t: _number(t) if written is None else _read(t, written.style) for t in counts}
    return np.array([_number(read.get(v, v) if isinstance(v, str) else v) for v in values], dtype=np.float64)


def _read(text: str, style: NumberFormat) -> float:
    found = read_number(text, style)
    return math.nan if found is None else found


def _number(value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return found if abs(found) <= LARGEST_LABEL else math.nan


def _prediction(version: Version, columns: Columns, answers: Any) -> np.ndarray:
    if answers is None:
        return version.plan.predict(columns)
    if isinstance(answers, np.ndarray) and answers.ndim == 2:
        return np.asarray(answers, dtype=np.float64)
    classes = version.plan.classes
    names = [f"probability_{name}" for name in classes] or ["prediction"]
    return np.column_stack([np.asarray(answers[name], dtype=np.float64) for name in names])


def _check_lengths(n_rows: int, prediction: np.ndarray, y: np.ndarray | None) -> None:
    for what, found in (("answers", prediction), ("labels", y)):
        if found is not None and len(found) != n_rows:
            raise UsageError(
                f"there are {len(found):,} {what} for {n_rows:,} rows",
                fix=f"give one of the {what} for each row, None where it is not known",
                code="MW-U705",
            )


def _unreadable(version: Version, fit: Fit, tally: Tally) -> dict[str, float]:
    shares = {}
    for spec, (present, bad, *_) in zip(version.contract.columns, tally.counts, strict=True):
        if bad and present and spec.name in fit.sources:
            shares[spec.name] = bad / present
    return shares
