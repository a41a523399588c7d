"""What can be read from codes that name rows: their number, their words, how they begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import code_column, coded
from modelwright.audit.power import MAX_BINS, MIN_BIN_ROWS, quantile_bins
from modelwright.data.columns import Strings

__all__ = ["MAX_PARTS", "readings"]

MAX_PARTS = 60  # a part that names classes has few values
MIN_ROWS_PER_PART = 20
MAX_WORDS = 4
MAX_DIGITS = 15  # of which float64 keeps every one
ENDS = 3
_WORD = re.compile(r"[^\W\d_]+|\d+")


def readings(context: AuditContext, name: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yield ways to read the codes of a column: what is read, and the cell of each row (0 where it says nothing).

    Numbers are cut into bins of equal counts; parts of a text with more than `MAX_PARTS` values say nothing of classes.
    """
    column = context.columns[name]
    if not isinstance(column, Strings):
        yield "its number", _bins(coded(context, name).codes, coded(context, name).n_levels)
        return
    texts = [str(t) for t in column.levels]
    words = [_WORD.findall(t) for t in texts]
    for which, place in (("first", 0), ("last", -1)):
        numbers = np.array([_number([w for w in found if w.isdigit()], place) for found in words] + [np.nan])
        spread = code_column(numbers[column.codes])
        if spread.n_levels > MAX_PARTS:
            yield f"its {which} number", _bins(spread.codes, spread.n_levels)
    parts = {f"its word {i + 1}": [w[i] if i < len(w) else "" for w in words] for i in range(MAX_WORDS)}
    parts |= {f"its first {_letters(k)}": [t[:k] for t in texts] for k in range(1, ENDS + 1)}
    parts |= {f"its last {_letters(k)}": [t[-k:] for t in texts] for k in range(1, ENDS + 1)}
    parts["its last word"] = [next((x for x in reversed(w) if x.isalpha()), "") for w in words]
    parts["its length"] = [str(len(t)) for t in texts]
    for what, values in parts.items():
        if len(set(values)) <= MAX_PARTS:
            cells = np.append(np.unique(values, return_inverse=True)[1] + 1, 0)[column.codes]
            if cells.max(initial=0) > 1 and _common(cells):
                yield what, cells


def _letters(k: int) -> str:
    return "character" if k == 1 else f"{k} characters"


def _number(runs: list[str], place: int) -> float:
    return float(runs[place][:MAX_DIGITS]) if runs else np.nan


def _bins(codes: np.ndarray, n_levels: int) -> np.ndarray:
    n_bins = min(MAX_BINS, max(2, int((codes >= 0).sum()) // (2 * MIN_BIN_ROWS)))
    return np.where(codes < 0, 0, quantile_bins(codes, n_levels, n_bins) + 1) if n_levels else np.zeros_like(codes)


def _common(cells: np.ndarray) -> bool:
    """Return whether most rows share their part with enough others."""
    counts = np.bincount(cells)
    return bool(counts[counts >= MIN_ROWS_PER_PART].sum() >= 0.8 * len(cells))
