"""How recorded values become text. Pure functions by name, so that a test can make every text again and compare."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from modelwright import format as fmt
from modelwright.data.contract import ColumnSpec
from modelwright.evaluate.measurements import Comparison, Evaluation, Measurement, Slice
from modelwright.frame.problem import Problem
from modelwright.report import cases, describing, words
from modelwright.report.tables import slice_words

__all__ = ["FORMS"]

NAMES = 20
"""Names that one line has room for; the rest is a number."""


def _measurement(value: Any) -> Measurement:
    return msgspec.convert(value, Measurement)


def _problem(value: Any) -> Problem:
    return msgspec.convert(value, Problem)


def _plain(value: Any) -> str:
    return " ".join(str(value).split())


def _options(value: Mapping[str, Any]) -> str:
    return ", ".join(f"{_plain(k)} {_plain(v)}" for k, v in value.items() if v)


def _sentence(value: Any) -> str:
    """Return text that ends a sentence."""
    text = _plain(value)
    return text if text.endswith((".", "!", "?", "”")) else f"{text}."


def _opening(value: Any) -> str:
    """Return text as a sentence of its own."""
    text = _sentence(value)
    return text[:1].upper() + text[1:]


def _part(value: Mapping[str, Any]) -> str:
    same = value.get("same_rows") or ()
    beside = f" (nearly the same rows: {fmt.joined(same, 3)})" if same else ""
    return f"{_plain(value['column'])} = {_plain(value['value'])}{beside}"


def _case(number: int) -> Callable[[Mapping[str, Any]], str]:
    """Return the form of one of the score's sentences in cases; empty where there are not so many."""

    def form(documents: Mapping[str, Any]) -> str:
        told = cases.tiles(msgspec.convert(documents["evaluation"], Evaluation), _problem(documents["problem"]))
        return f"{told[number].sentence}." if number < len(told) else ""

    return form


FORMS: dict[str, Callable[[Any], str]] = {
    "text": _plain,
    "sentence": _sentence,
    "opening": _opening,
    "shell": lambda v: shlex.quote(v),
    "count": lambda v: fmt.count(v),
    "length": lambda v: fmt.count(len(v)),
    "number": lambda v: fmt.number(v),
    "share": lambda v: fmt.share(v),
    "nominal": lambda v: f"{v.rpartition('_')[2]}%",
    "level": lambda v: f"{v:.0%}",
    "size": lambda v: fmt.size(v),
    "seconds": lambda v: fmt.duration(v),
    "milliseconds": lambda v: fmt.duration(v / 1000),
    "day": lambda v: fmt.when(v).partition(",")[0],
    "when": lambda v: fmt.when(v),
    "measured": lambda v: fmt.measured(_measurement(v)),
    "scientific": lambda v: f"{v:.1e}",
    "metric": lambda v: words.title_of(v),
    "explained": lambda v: words.explained(v),
    "names": lambda v: fmt.joined(map(_plain, v), NAMES),
    "options": _options,
    "answer": lambda v: words.ANSWERS.get(v, (v, ""))[0],
    "split": lambda v: describing.split_words(_problem(v)),
    "optimism": lambda v: describing.optimism_words(_problem(v)),
    "compared": lambda v: words.comparison_words(msgspec.convert(v, Comparison)),
    "values": lambda v: describing.values_of(msgspec.convert(v, ColumnSpec)),
    "nullable": lambda v: "may be empty" if v else "was never empty",
    "slice": lambda v: slice_words(msgspec.convert(v, Slice)),
    "passed": lambda v: "passed" if v else "not passed",
    "part": _part,
    "first case": _case(0),
    "second case": _case(1),
    "rules": lambda v: fmt.count(sum(o["answer"] != "not asked" for o in v)),
}
"""By name. What a form is given is as JSON has it: dicts, lists, text and numbers."""
