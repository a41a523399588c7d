"""The section of the model on a page: the page itself, and what it costs in score."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from modelwright import format as fmt
from modelwright.explain.simple.documents import FORMS, Simple, SimpleCandidate
from modelwright.explain.simple.wording import Page, Row, page_of, score_words, title_of

__all__ = ["SimpleSection", "section"]


@dataclass(frozen=True)
class SimpleSection:
    """What the section shows; ``page`` is None where there is no such model, and ``advice`` says why.

    ``groups`` are the rows of the page by column; ``tried`` the forms that were compared, each as its cells of a table.
    """

    title: str
    advice: str
    take: bool = False
    score: str = ""
    page: Page | None = None
    groups: tuple[tuple[str, tuple[Row, ...]], ...] = ()
    tried: tuple[tuple[str, ...], ...] = ()


def section(simple: Simple | None) -> SimpleSection | None:
    """Return the section; None in reports of runs that fitted no such model."""
    if simple is None:
        return None
    if simple.model is None:
        return SimpleSection("No model fits on a page", f"There is none: {simple.why_not}.")
    page = page_of(simple.model)
    groups = tuple((column, tuple(rows)) for column, rows in groupby(page.rows, key=lambda row: row.column))
    return SimpleSection(
        title=title_of(simple.model),
        advice=simple.advice,
        take=simple.take,
        score=score_words(simple),
        page=page,
        groups=groups,
        tried=tuple(_cells(c) for c in sorted(simple.candidates, key=lambda c: c.loss)),
    )


def _cells(c: SimpleCandidate) -> tuple[str, ...]:
    loss = fmt.number(c.loss, 4) + (f" ± {fmt.number(c.noise, 2)}" if c.noise else "")
    return FORMS[c.form] + (", chosen" if c.chosen else ""), fmt.count(c.columns), fmt.count(c.size), loss
