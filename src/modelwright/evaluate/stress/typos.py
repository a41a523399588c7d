"""People mistype: a letter is left out, doubled, or changes places with the next."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from modelwright.evaluate.stress.base import WORDS, Case, Raw, Rows

__all__ = ["Typos", "mistyped"]

SHARES = (0.5, 0.1)
"""Of the values of a column of words."""
LETTERS_PER_SLIP = 20
"""A longer text has more than one: about one letter in twenty is wrong where people type without correcting."""


class Typos:
    """One slip, in long texts several, in a share of the values of all words."""

    name: ClassVar[str] = "typos"

    def cases(self, rows: Rows) -> Iterator[Case]:
        names = tuple(s.name for s in rows.of_kinds(WORDS))
        for share in SHARES if names else ():
            words = f"{share:.0%} of the words and texts are mistyped"
            yield Case(self.name, names, words, partial(self._typed, rows, share))

    def _typed(self, rows: Rows, share: float, rng: np.random.Generator) -> Raw:
        found: dict[str, list[Any]] = {}
        for spec in rows.of_kinds(WORDS):
            texts = rows.texts(spec)
            hit = rng.random(rows.n) < share
            found[spec.name] = [
                mistyped(t, rng) if h and isinstance(t, str) else t for t, h in zip(texts, hit, strict=True)
            ]
        return found


def mistyped(text: str, rng: np.random.Generator) -> str:
    """Return a text with a slip for every twenty letters, at least one; one letter alone stays."""
    for _ in range(1 + len(text) // LETTERS_PER_SLIP):
        if len(text) < 2:
            return text
        at, slip = int(rng.integers(0, len(text) - 1)), int(rng.integers(0, 3))
        if slip == 0:
            text = text[:at] + text[at + 1 :]
        elif slip == 1:
            text = text[: at + 1] + text[at:]
        else:
            text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text
