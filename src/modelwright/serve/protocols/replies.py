"""What the encoders share: one document per row, and answers as a table in CSV, JSON lines or Arrow."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import msgspec
import numpy as np

from modelwright.runtime.abstaining import ABSTAIN
from modelwright.runtime.decisions import DECISION
from modelwright.runtime.unusual import UNUSUAL, UNUSUAL_COLUMNS
from modelwright.serve.exchange import JSON, Asked, ModelFacts, Reply, Request, Scored
from modelwright.serve.protocols.bodies import ARROW, ARROW_STREAM, CSV, JSON_LINES

__all__ = [
    "answer_rows",
    "json_reply",
    "plain",
    "probability_keys",
    "table_reply",
    "wanted_table",
]


def _number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no value of JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_number)


def json_reply(document: Any) -> Reply:
    """Return a reply of JSON; as `Reply.of`, with an encoder that is made once."""
    return Reply(200, _ENCODER.encode(document))


def plain(values: Any) -> Sequence[Any]:
    """Return values as a list of Python values, whatever held them."""
    return values.tolist() if isinstance(values, np.ndarray) else values


@lru_cache(maxsize=64)
def probability_keys(classes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return ``(class, name of its column of answers)`` for every class."""
    return tuple((name, f"probability_{name}") for name in classes)


def answer_rows(asked: Asked, scored: Scored, facts: ModelFacts) -> list[dict[str, Any]]:
    """Return one document per row: ``prediction`` and what was asked for beside it."""
    answers = scored.answers
    if scored.n_rows == 1 and asked.plain:
        return [_one_row(asked, answers, facts)]
    rows: list[dict[str, Any]] = [{"prediction": value} for value in plain(answers["prediction"])]
    if asked.probabilities and facts.classes:
        names = facts.classes
        columns = [plain(answers[key]) for _, key in probability_keys(names)]
        for row, values in zip(rows, zip(*columns, strict=True), strict=True):
            row["probabilities"] = dict(zip(names, values, strict=True))
    if asked.interval is not None and "low" in answers and "high" in answers:
        coverage = asked.interval
        for row, low, high in zip(rows, plain(answers["low"]), plain(answers["high"]), strict=True):
            row["interval"] = {"low": low, "high": high, "coverage": coverage}
    if asked.interval is not None and "set" in answers:
        for row, names_inside in zip(rows, answers["set"], strict=True):
            row["set"] = {"classes": names_inside, "coverage": asked.interval}
    if DECISION in answers:
        for row, decided in zip(rows, plain(answers[DECISION]), strict=True):
            row[DECISION] = decided
    if ABSTAIN in answers:
        for row, leaves in zip(rows, plain(answers[ABSTAIN]), strict=True):
            row[ABSTAIN] = leaves
    if UNUSUAL in answers:
        for row, odd, named in zip(rows, plain(answers[UNUSUAL]), answers[UNUSUAL_COLUMNS], strict=True):
            row |= {UNUSUAL: odd, UNUSUAL_COLUMNS: named}
    if asked.reasons and scored.reasons is not None:
        for row, reasons in zip(rows, scored.reasons, strict=True):
            row["reasons"] = reasons
    return rows


def _one_row(asked: Asked, answers: dict[str, Sequence[Any]], facts: ModelFacts) -> dict[str, Any]:
    """Return the document of a row alone: what most requests are, a few times as fast as the way for many."""
    row: dict[str, Any] = {"prediction": answers["prediction"][0]}
    if asked.probabilities and facts.classes:
        row["probabilities"] = {name: answers[key][0] for name, key in probability_keys(facts.classes)}
    for extra in (DECISION, ABSTAIN):
        if extra in answers:
            row[extra] = answers[extra][0]
    return row


# --- tables --------------------------------------------------------------------------------------------------------


def wanted_table(request: Request) -> str | None:
    """Return the media type of the table that ``Accept`` asks for first, None for JSON.

    A preference that cannot be met (Arrow without pyarrow, a type nobody knows) is answered in JSON.
    """
    accept = request.headers.get("accept")
    if accept is None or accept in ("*/*", JSON):
        return None
    for part in accept[:1000].lower().split(","):
        kind = part.partition(";")[0].strip()
        if kind == CSV or kind in JSON_LINES:
            return kind
        if kind in ARROW and find_spec("pyarrow") is not None:
            return kind
        if kind in (JSON, "*/*", "application/*"):
            return None
    return None


def table_reply(kind: str, asked: Asked, scored: Scored, facts: ModelFacts, *, header: bool = True) -> Reply:
    """Return the answers as a table: ``prediction``, ``probability_<class>``, ``low``, ``high``,
    ``decision``, ``abstain``, and ``set`` as a list in JSON; reasons in lines only.

    Parameters
    ----------
    kind : str
        As `wanted_table` returned it.
    header : bool
        Whether CSV begins with the names of the columns.
    """
    if kind in JSON_LINES:
        lines = _ENCODER.encode_lines(answer_rows(asked, scored, facts))
        return Reply(200, lines, kind)
    columns = _columns(asked, scored, facts)
    if kind == CSV:
        return Reply(200, _csv(columns, header=header), f"{CSV}; charset=utf-8")
    return Reply(200, _arrow(columns, kind), kind)


def _columns(asked: Asked, scored: Scored, facts: ModelFacts) -> dict[str, Sequence[Any]]:
    names = ["prediction"]
    if asked.probabilities:
        names += [key for _, key in probability_keys(facts.classes)]
    if asked.interval is not None:
        names += ["low", "high"]
    names += [DECISION, ABSTAIN, UNUSUAL]
    columns = {name: plain(scored.answers[name]) for name in names if name in scored.answers}
    if asked.interval is not None and "set" in scored.answers:
        columns["set"] = [_ENCODER.encode(inside).decode() for inside in scored.answers["set"]]
    if UNUSUAL_COLUMNS in scored.answers:
        columns[UNUSUAL_COLUMNS] = [_ENCODER.encode(named).decode() for named in scored.answers[UNUSUAL_COLUMNS]]
    return columns


def _csv(columns: dict[str, Sequence[Any]], *, header: bool) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def _arrow(columns: dict[str, Sequence[Any]], kind: str) -> bytes:
    import pyarrow as pa

    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    sink = pa.BufferOutputStream()
    new = pa.ipc.new_stream if kind == ARROW_STREAM else pa.ipc.new_file
    with new(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()
