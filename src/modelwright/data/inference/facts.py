"""What is known of a column before its kind is decided."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from modelwright.data.canonical import SPELLINGS
from modelwright.data.parsing.texts import is_missing_text
from modelwright.data.raw import ArrowRaw

__all__ = ["Facts"]


@dataclass(frozen=True, eq=False)
class Facts:
    """A raw column of (a sample of) the rows.

    Attributes
    ----------
    name : str
    column : pyarrow.ChunkedArray
        With a plain type.
    is_target : bool
    is_sample : bool
        Whether these are not all rows of the table.
    """

    name: str
    column: Any
    is_target: bool
    is_sample: bool

    @cached_property
    def raw(self) -> ArrowRaw:
        """The column for readers."""
        return ArrowRaw(self.column)

    @cached_property
    def storage(self) -> str:
        """Arrow type as text."""
        return str(self.raw.column.type)

    @cached_property
    def is_text(self) -> bool:
        """Whether values are stored as text."""
        return "string" in self.storage

    @cached_property
    def numbers(self) -> np.ndarray | None:
        """The finite numbers, in order of the rows, where values are stored or written as plain numbers."""
        found = self.raw.plain_numbers(SPELLINGS) if self.is_text else self.raw.numbers()
        return None if found is None else found[np.isfinite(found)]

    @cached_property
    def has_leading_zeros(self) -> bool:
        """Whether whole numbers in text are written with leading zeros to a common width: codes, not amounts."""
        import pyarrow.compute as pc

        if not self.is_text or (self.numbers is not None and (self.numbers != np.floor(self.numbers)).any()):
            return False
        zeros = pc.match_substring_regex(self.raw.column, r"^\s*0[0-9]+\s*$")
        if (
            not pc.any(zeros).as_py()
            or not pc.all(pc.match_substring_regex(self.raw.column, r"^\s*([0-9]+|\D*)\s*$")).as_py()
        ):
            return False
        widths = pc.utf8_length(pc.utf8_trim_whitespace(self.raw.column))
        return (
            pc.count_distinct(widths.filter(zeros)).as_py() == 1
            and pc.max(widths.filter(zeros)).as_py() == pc.max(widths).as_py()
        )

    @cached_property
    def _coded(self) -> tuple[list[str], np.ndarray, dict[str, int]]:
        values, codes = self.raw.distinct()
        texts: list[str] = []
        missing: dict[str, int] = {}
        table = np.full(len(values) + 1, -1, dtype=np.int64)
        index: dict[str, int] = {}
        counts = np.bincount(codes[codes >= 0], minlength=len(values)) if len(values) else np.zeros(0, int)
        for position, value in enumerate(values):
            text = str(value).strip()
            if is_missing_text(text):
                missing[text] = missing.get(text, 0) + int(counts[position])
            else:
                table[position] = index.setdefault(text, len(index))
        texts = list(index)
        return texts, table[codes], missing

    @property
    def texts(self) -> list[str]:
        """Distinct texts that are not universally missing, stripped."""
        return self._coded[0]

    @property
    def codes(self) -> np.ndarray:
        """Position in ``texts`` per row, -1 where missing."""
        return self._coded[1]

    @property
    def missing(self) -> dict[str, int]:
        """Universal missing tokens that occur, as written, and how often."""
        return self._coded[2]

    @cached_property
    def counts(self) -> np.ndarray:
        """How often each of ``texts`` occurs."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts))

    @cached_property
    def n_present(self) -> int:
        """Values that are not missing."""
        return len(self.numbers) if self.numbers is not None else int((self.codes >= 0).sum())

    @cached_property
    def n_missing(self) -> int:
        """Values that are missing."""
        return len(self.raw) - self.n_present
