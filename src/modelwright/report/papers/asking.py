"""Papers that are lists of questions: those of a data file, answered where something is recorded."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from modelwright.report.papers.base import Block, Gap, Law, Section, Text, line
from modelwright.report.papers.evidence import Evidence

__all__ = ["Answer", "Answers", "answered", "texts"]

TEXTS = Path(__file__).parent / "texts"

Answer = Callable[[Evidence], tuple[Block, ...]]
"""Returns what is recorded on a question; nothing where nothing is, and then a person is asked."""

Answers = Mapping[str, Answer]


@cache
def texts(name: str) -> dict[str, Any]:
    """Return a data file of the wording of others."""
    return tomllib.loads((TEXTS / f"{name}.toml").read_text(encoding="utf-8"))


def answered(sections: list[dict[str, Any]], key: str, answers: Answers, ev: Evidence) -> tuple[Section, ...]:
    """Return the sections, each question a heading of its own; ``key`` names the list of questions in a section."""
    made: list[Section] = []
    for section in sections:
        made.append(Section(line(Law(section["title"])), ()))
        for item in section[key]:
            made.append(Section(line(Law(item["ask"])), _blocks(item, answers, ev), 3))
    return tuple(made)


def _blocks(item: Mapping[str, str], answers: Answers, ev: Evidence) -> tuple[Block, ...]:
    blocks = answers[item["answer"]](ev) if "answer" in item else ()
    if "gap" in item:
        return (*blocks, Text(line(Gap(item["gap"]))))
    return blocks or (Text(line(Gap())),)
