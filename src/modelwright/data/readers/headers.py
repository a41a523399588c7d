"""Two rows of names: groups of columns above, the columns below, as spreadsheets with merged cells have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

__all__ = ["TWO_ROWS", "names_of_two_rows"]

TWO_ROWS = "two rows name the columns: the lower one is taken, after the upper one where names would be the same"
MIN_ROWS = 3  # of data: with fewer nothing tells names from values
MOSTLY = 0.9  # of a column's cells are numbers or dates, and a word above them is its name


def names_of_two_rows(
    upper: Sequence[str], lower: Sequence[str], kinds: Sequence[str], below: Sequence[Sequence[tuple[str, str]]]
) -> list[str] | None:
    """Return the names that two rows give together, None where the lower one is a row of data.

    It names columns if the upper one leaves some without a name of their own (merged cells are empty, or repeat), the
    two name all of them, the lower one holds words alone, one of them above numbers or dates, and none of them again
    below.

    Parameters
    ----------
    upper, lower : sequence of str
        The cells without blanks around them; empty where there is nothing.
    kinds : sequence of str
        Of the cells of both rows, the upper ones first: ``"text"``, ``"number"``, ``"date"`` or ``"null"``.
    below : sequence of sequences of (str, str)
        Text and kind of the cells of the rows that follow, or of some of them.
    """
    upper = [*upper, *[""] * (len(lower) - len(upper))]
    if len(upper) != len(lower) or len(below) < MIN_ROWS or not set(kinds) <= {"text", "null"}:
        return None
    merged = [i for i, cell in enumerate(upper) if i and lower[i] and cell in ("", upper[i - 1])]
    named = sum(map(bool, lower))
    if not merged or 2 * named < len(lower) or not all(map(any, zip(upper, lower, strict=True))):
        return None
    above_numbers = 0
    for i, name in enumerate(lower):
        column = [row[i] for row in below if i < len(row) and row[i][1] != "null"]
        if name and any(text == name for text, _ in column):
            return None
        measured = sum(kind in ("number", "date") for _, kind in column)
        above_numbers += bool(name) and len(column) >= MIN_ROWS and measured >= MOSTLY * len(column)
    return _joined(upper, lower) if above_numbers else None


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    groups: list[str] = []
    for cell in upper:
        groups.append(cell or (groups[-1] if groups else ""))
    alone = [low or up for up, low in zip(upper, lower, strict=True)]
    often = Counter(alone)
    return [
        f"{group} {name}" if often[name] > 1 and low and group else name
        for name, low, group in zip(alone, lower, groups, strict=True)
    ]
