"""Cases that the model treats for the same reasons as a row, of a table that whoever asks has.

A version keeps no training rows, so they are looked for where they are: in the training file, or in any other past
rows. Two rows are as similar as what the model makes of their columns: distances between values would have to be
weighed, and effects on the answer are such weights. Rows with the nearest answers are explained, and those with the
nearest reasons are the similar ones; rows with the same reasons have the same answer, so none of these is missed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from modelwright.data.canonical import canonicalise
from modelwright.data.columns import Columns, n_rows, take
from modelwright.data.taking import as_table
from modelwright.errors import UsageError
from modelwright.explain.rows.documents import SimilarCase
from modelwright.explain.rows.wording import amount, value_in_words
from modelwright.format import plural, short
from modelwright.package.bundle import Version
from modelwright.runtime.reasons import Reasons

__all__ = ["CASES", "similar_cases"]

CASES = 5
MOST_EXPLAINED = 300
"""Rows with the nearest answers that are explained: a row takes some milliseconds."""
NAMED = 4
"""Columns whose values are told: those with the strongest effects on the row that is asked about."""


def similar_cases(
    version: Version, found: Reasons, cases: Any, *, most: int = CASES
) -> tuple[tuple[SimilarCase, ...], str]:
    """Return the rows of a table that are most similar to an explained one, the nearest first, and what became of them.

    Parameters
    ----------
    version : Version
    found : Reasons
        Of the one row.
    cases : table or path
        As for `Version.predict`; with the target what became of each is told.
    most : int

    Raises
    ------
    UsageError
        The table has no row (MW-U832).
    ContractError
        A column that the model reads is missing.
    """
    table = as_table(cases)
    columns, _ = canonicalise(table, version.contract, required=version.contract.names)
    count = n_rows(columns)
    if not count:
        raise UsageError(
            "there is no row among the cases", fix="name a file with rows, as that of training", code="MW-U832"
        )
    output = int(found.output[0])
    answers = version.plan.predict(columns)
    order = np.argsort(np.abs(answers[:, output] - found.outcome[0]), kind="stable")[:MOST_EXPLAINED]
    some = take(columns, order)
    effects = version.explainer(some).effects[:, :, output]
    own = found.effects[0]
    apart = np.abs(effects - own).sum(axis=1)
    size = np.abs(effects).sum(axis=1) + np.abs(own).sum()
    alike = 1 - apart / np.where(size > 0, size, 1.0)
    truth = _truth(table, version.manifest.target)
    names = [item["column"] for item in found.strongest(NAMED)[0]]
    said = version.plan.answers(answers[order])["prediction"]
    told = tuple(
        _case(version, some, int(k), int(order[k]), answers[order[k], output], said[k], truth, names, float(alike[k]))
        for k in np.argsort(apart, kind="stable")[:most]
    )
    return told, _became(told, count)


def _truth(table: Any, target: str) -> list[Any] | None:
    """Return what became of each row as it is written, None where the table does not say."""
    names = table.column_names if hasattr(table, "column_names") else list(table)
    if target not in names:
        return None
    column = table[target]
    return list(column.to_pylist() if hasattr(column, "to_pylist") else column)


def _case(
    version: Version,
    some: Columns,
    place: int,
    row: int,
    outcome: float,
    said: Any,
    truth: list[Any] | None,
    names: list[str],
    alike: float,
) -> SimilarCase:
    classes = bool(version.plan.classes)
    prediction = str(said) if classes else float(said)
    actual = None if truth is None or truth[row] is None else str(truth[row])
    values = tuple((name, value_in_words(version.contract[name], some, place)) for name in names)
    became = "" if actual is None else f", and it was '{short(actual)}'" if classes else f", and it was {short(actual)}"
    answer = f"'{prediction}', {amount(outcome, chance=True)}" if classes else amount(outcome, chance=False)
    told = ", ".join(f"{name} {value}" for name, value in values)
    return SimilarCase(
        row=row,
        prediction=prediction,
        outcome=float(outcome),
        actual=actual,
        alike=alike,
        values=values,
        sentence=f"row {row}: {answer}{became}; {alike:.0%} the same reasons{f' ({told})' if told else ''}",
    )


def _became(told: tuple[SimilarCase, ...], count: int) -> str:
    """Return how many of the similar cases became what was predicted of them; empty where nothing is known."""
    known = [c for c in told if c.actual is not None and isinstance(c.prediction, str)]
    if not known:
        return ""
    right = sum(c.actual == c.prediction for c in known)
    return (
        f"Of the {plural(len(known), 'most similar case')} among {count:,}, {right} became what was predicted of them."
    )
