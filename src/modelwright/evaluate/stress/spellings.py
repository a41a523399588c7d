"""Words come in capitals, or with blanks around them: another export of the same data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar

import numpy as np

from modelwright.evaluate.stress.base import WORDS, Case, Raw, Rows

__all__ = ["Spellings"]


class Spellings:
    """All words in capitals, then with blanks around."""

    name: ClassVar[str] = "spelling"

    def cases(self, rows: Rows) -> Iterator[Case]:
        names = tuple(s.name for s in rows.of_kinds(WORDS))
        ways = (("all words are in capitals", _capitals), ("all words have blanks around them", _blanks))
        for words, change in ways if names else ():
            yield Case(self.name, names, words, partial(_changed, rows, change))


def _changed(rows: Rows, how: Callable[[str], str], rng: np.random.Generator) -> Raw:
    return {s.name: [how(t) if isinstance(t, str) else t for t in rows.texts(s)] for s in rows.of_kinds(WORDS)}


def _capitals(text: str) -> str:
    upper = text.upper()
    return text.lower() if upper == text else upper


def _blanks(text: str) -> str:
    return f"  {text} "
