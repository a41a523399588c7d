"""A model on a page as it is read: rows of a table, an equation, or questions one below the other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from modelwright import format as fmt
from modelwright.data.contract import Kind
from modelwright.explain.grids import written
from modelwright.explain.simple.cells import edge_text, edge_texts
from modelwright.explain.simple.documents import FORMS, Node, Part, Simple, SimpleModel
from modelwright.explain.simple.scoring import LINKS

__all__ = ["Page", "Question", "Row", "page_lines", "page_of", "score_words", "title_of"]

TOTALS_SHOWN = 9
"""Totals of a points table whose chances are told."""

DIGITS = 3
SHARE_DECIMALS = 0
STEPS = 3.0
"""Least number of steps over a column's range."""

DAY, DAYS_OF_YEAR = 86_400.0, 365.25


@dataclass(frozen=True, kw_only=True)
class Row:
    """Values of a column in words, and what they add for each output in text."""

    column: str
    text: str
    adds: tuple[str, ...]
    first: bool = False


@dataclass(frozen=True, kw_only=True)
class Question:
    """A line of a tree: how deep it lies, what has to be so, and for its end the answer."""

    depth: int
    text: str
    answer: str = ""
    share: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a page shows.

    Attributes
    ----------
    how : str
        How to use it, in one or two sentences.
    heads : tuple of str
        Titles of what rows add: one, or one for each class.
    rows : tuple of Row
        Of a table or an equation, ``first`` where a column begins.
    totals : tuple of (str, str)
        Totals of points and the chances they stand for.
    questions : tuple of Question
        Of a tree.
    """

    how: str
    heads: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    totals: tuple[tuple[str, str], ...] = ()
    questions: tuple[Question, ...] = ()


def title_of(model: SimpleModel) -> str:
    """Return what a model is: ``"A points table of 8 columns"``."""
    return f"A {FORMS[model.form]} of {fmt.plural(len(model.columns), 'column')}"


def score_words(simple: Simple) -> str:
    """Return what the model on a page scores, and on which rows: ``"ROC AUC 0.81 (0.79 to 0.83), measured on …"``."""
    from modelwright.evaluate import metrics

    score = simple.score
    assert score is not None
    return f"{metrics.get(score.name).title} {fmt.measured(score)}, measured on {simple.measured_on}"


def page_of(model: SimpleModel) -> Page:
    """Return what the page of a model shows."""
    if model.form == "tree":
        how = "Begin at the top and answer one question after the other; the last answer is the prediction."
        return Page(how=how, questions=tuple(_questions(model, 0, 0)))
    rows = tuple(row for part in model.parts for row in _rows(model, part))
    return Page(how=_how(model), heads=_heads(model), rows=rows, totals=_totals(model))


def page_lines(model: SimpleModel) -> Iterator[str]:
    """Yield the page as lines of plain text."""
    page = page_of(model)
    yield page.how
    yield ""
    for q in page.questions:
        yield "  " * q.depth + q.text + (f" → {q.answer} ({q.share} of the rows)" if q.answer else "")
    if page.rows:
        yield from _table_lines(page)
    if page.totals:
        yield ""
        yield "points  " + "  ".join(f"{total:>5}" for total, _ in page.totals)
        yield "chance  " + "  ".join(f"{chance:>5}" for _, chance in page.totals)


def _table_lines(page: Page) -> Iterator[str]:
    columns = [row.column if row.first else "" for row in page.rows]
    width, inner = max(map(len, columns)), max(len(row.text) for row in page.rows)
    each = [max(len(head), *(len(row.adds[i]) for row in page.rows)) for i, head in enumerate(page.heads)]
    yield " " * (width + inner + 4) + "  ".join(h.rjust(w) for h, w in zip(page.heads, each, strict=True))
    for column, row in zip(columns, page.rows, strict=True):
        adds = "  ".join(a.rjust(w) for a, w in zip(row.adds, each, strict=True))
        yield f"{column.ljust(width)}  {row.text.ljust(inner)}  {adds}"


# --- tables and equations -----------------------------------------------------------------------------------------


def _start(model: SimpleModel) -> list[float]:
    """Return where the sum begins, with every straight line at its middle."""
    middles = [np.array(part.slope) * part.middle for part in model.parts if part.slope]
    return [float(v) for v in np.sum([np.array(model.base), *middles], axis=0)]


def _how(model: SimpleModel) -> str:
    starts = _start(model)
    event = f"“{model.classes[1]}”" if len(model.classes) == 2 else ""
    if model.link == "log":
        start = fmt.number(math.exp(starts[0]))
        return f"{model.target}: begin with {start}, and change it as each column says, one after the other."
    if model.link == "identity":
        start = fmt.number(starts[0], 4)
        return f"{model.target}: begin with {start}, and add what stands beside the value of each column."
    if model.form == "points" and event:
        return f"Add the points of each column. The more points, the higher the chance of {event}, see below the table."
    if model.form == "points":
        told = ", ".join(f"“{c}” {fmt.number(b / model.unit)}" for c, b in zip(model.classes, starts, strict=True))
        return f"Begin with {told}, and add the points of each column for each class: the highest is the prediction."
    if event:
        start = fmt.number(starts[0])
        return (
            f"Begin with {start}, and add what each column says. With s for the sum, the chance of {event} is "
            "1 / (1 + exp(−s)): half at 0, 73% at 1, 27% at −1."
        )
    told = ", ".join(f"“{c}” {fmt.number(b)}" for c, b in zip(model.classes, starts, strict=True))
    return f"Begin with {told}, and add what each column says for each class: the highest is the prediction."


def _heads(model: SimpleModel) -> tuple[str, ...]:
    if len(model.base) > 1:
        return model.classes
    if model.form == "points" and model.link == "logistic":
        return ("points",)
    return ("change",) if model.link == "log" else ("adds",)


def _rows(model: SimpleModel, part: Part) -> Iterator[Row]:
    if part.slope:
        step, more = _step(part)
        adds = tuple(_added(model, slope * step) for slope in part.slope)
        yield Row(column=part.column, text=more, adds=adds, first=True)
        return
    for i, cell in enumerate(part.cells):
        yield Row(column=part.column, text=cell.text, adds=tuple(_added(model, a) for a in cell.adds), first=i == 0)


def _step(part: Part) -> tuple[float, str]:
    """Return a step along a column that is worth telling, and what it is counted from, in words."""
    kind = Kind(part.kind)
    if kind is Kind.DATETIME:
        reach = (part.high - part.low) / DAY
        days, unit = (DAYS_OF_YEAR, "year") if reach > 2 * DAYS_OF_YEAR else (1.0, "day")
        low, middle, high = (written(np.array([value]), kind)[0] for value in (part.low, part.middle, part.high))
        return days * DAY, f"each {unit} after {middle} (before: the opposite), {low} to {high}"
    step = 10.0 ** math.floor(math.log10((part.high - part.low) / STEPS))
    low, middle, high = edge_texts([float(f"{value:.4g}") for value in (part.low, part.middle, part.high)], kind)
    return step, f"each {edge_text(step, kind)} above {middle} (below: the opposite), {low} to {high}"


def _added(model: SimpleModel, value: float) -> str:
    """Return what a number does to the answer: points, an amount in the target's unit, or a change in percent."""
    if model.link == "log":
        change = math.expm1(model.unit * value)
        return _signed(100 * change, 2 if abs(change) < 0.1 else DIGITS) + "%"
    if model.form == "points" and model.link in ("logistic", "softmax"):
        return _signed(value, DIGITS) if model.link == "softmax" else fmt.number(value)
    return _signed(model.unit * value, DIGITS)


def _signed(value: float, digits: int) -> str:
    text = fmt.number(value, digits)
    return f"+{text}" if value > 0 and text != "0" else text


def _totals(model: SimpleModel) -> tuple[tuple[str, str], ...]:
    """Return the chances that totals of points stand for, from the fewest to the most."""
    if model.form != "points" or model.link != "logistic":
        return ()
    most = int(sum(max(c.adds[0] for c in part.cells) for part in model.parts))
    shown = np.unique(np.round(np.linspace(0, most, TOTALS_SHOWN)).astype(int))
    chances = LINKS["logistic"](model.base[0] + model.unit * shown[:, None].astype(float))[:, 1]
    return tuple((f"{n}", f"{c:.{SHARE_DECIMALS}%}") for n, c in zip(shown, chances, strict=True))


# --- trees --------------------------------------------------------------------------------------------------------


def _questions(model: SimpleModel, place: int, depth: int, said: str = "") -> Iterator[Question]:
    node = model.nodes[place]
    if node.value:
        answer = _answer(model, node)
        yield Question(depth=depth, text=said or "always", answer=answer, share=fmt.share(node.share))
        return
    if said:
        yield Question(depth=depth, text=f"{said}:")
        depth += 1
    yield from _questions(model, node.yes, depth, node.text)
    yield from _questions(model, node.no, depth, "otherwise")


def _answer(model: SimpleModel, node: Node) -> str:
    if not model.classes:
        return f"{model.target} {fmt.number(node.value[0], 4)}"
    if len(model.classes) == 2:
        return f"chance of “{model.classes[1]}” {fmt.share(node.value[1])}"
    best = int(np.argmax(node.value))
    return f"“{model.classes[best]}”, {fmt.share(node.value[best])}"
