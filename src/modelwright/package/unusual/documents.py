"""``unusual.json`` of a version, and how it is read. Versions of earlier releases, and of few rows, have none."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from modelwright.data.contract import Contract
from modelwright.errors import UsageError
from modelwright.runtime.bins import FIRST
from modelwright.runtime.contrast import Contrast
from modelwright.runtime.storage import check_format, malformed, read_json
from modelwright.runtime.unusual import WIDTH, ColumnShape, Detector

__all__ = ["FORMAT", "UNUSUAL_FILE", "Unusual", "none_to_tell", "read_unusual"]

UNUSUAL_FILE = "unusual.json"
FORMAT = 1
MAX_BYTES = 4 << 20  # a table of a hundred columns takes some 200 kB
MOST_DEPTH = 8
MOST_STEPS = 8
PARTS = tuple(f.name for f in fields(Detector))


@dataclass(frozen=True, kw_only=True, eq=False)
class Unusual:
    """What tells rows that are unlike training; ``note`` says in words what it rests on."""

    detector: Detector
    note: str

    def document(self) -> dict[str, Any]:
        """Return what is kept; `read_unusual` makes the same of it."""
        made = self.detector
        return {"format": FORMAT, "note": self.note, **{name: getattr(made, name) for name in PARTS}}


def read_unusual(folder: Path, contract: Contract) -> Unusual:
    """Return what ``unusual.json`` in a version folder holds.

    Raises
    ------
    BundleError
        The file is malformed (MW-B110), of an unknown format (MW-B103), or not of this contract, or its parts do not
        fit each other (MW-B133).
    """
    raw = read_json(folder / UNUSUAL_FILE, limit=MAX_BYTES)
    check_format(f"'{UNUSUAL_FILE}'", raw, FORMAT)
    if strange := sorted(set(raw) - {"format", "note", *PARTS}):
        raise malformed(UNUSUAL_FILE, f"it has an unknown field '{strange[0]}'")
    try:
        note = msgspec.convert(raw.get("note"), str)
        detector = msgspec.convert({name: raw[name] for name in PARTS if name in raw}, Detector)
    except msgspec.ValidationError as error:
        raise malformed(UNUSUAL_FILE, str(error)) from error
    _check(detector, contract)
    return Unusual(detector=detector, note=note)


def _check(file: Detector, contract: Contract) -> None:
    columns, numeric = file.shapes.columns, {s.name: s.kind.numeric for s in contract.columns}
    names = [c.name for c in columns]
    if not names or len(set(names)) < len(names) or not set(names) <= set(numeric):
        raise _unfit("it is not of the columns that the plan reads")
    for column in columns:
        if numeric[column.name] and not column.knots:
            raise _unfit("a column of numbers has no quantiles")
        if column.steps and not numeric[column.name]:
            raise _unfit("a column of no numbers has steps")
        _check_column(column)
    scored = sum(bool(c.scores) for c in columns)
    precision, pairs = file.shapes.precision, file.shapes.pairs
    if [len(row) for row in precision] != [scored] * scored:
        raise _unfit("what numbers lead to expect is not of those numbers")
    if [len(table) for table in file.shapes.tables] != [WIDTH * WIDTH] * len(pairs):
        raise _unfit("a table of a pair has another size")
    if not all(0 <= i < j < len(columns) for i, j in pairs):
        raise _unfit("a pair is none of two of its columns")
    scales = (*file.parts, *file.rows)
    contrast = file.contrast
    if contrast is not None:
        _check_contrast(contrast, len(columns) + scored + sum(bool(c.steps) for c in columns))
    if len(file.parts) != 2 * len(columns) + scored or len(file.rows) != 4 + (contrast is not None) or not file.nats:
        raise _unfit("it has not a scale for each score")
    if not all(len(s.at) == len(file.nats) and _rises(s.at) for s in scales):
        raise _unfit("a scale falls, or has another length")
    if not _rises(file.nats) or not 0 <= file.alarms <= 1 or file.n < 1:
        raise _unfit("its limit rests on no row")


def _check_contrast(trees: Contrast, features: int) -> None:
    """Refuse trees that are not complete, too deep, or ask what is not there."""
    nodes = len(trees.values[0]) if trees.values else 0
    depth = nodes.bit_length() - 1
    if not 1 <= depth <= MOST_DEPTH or nodes != 2 ** (depth + 1) - 1:
        raise _unfit("its trees are not complete")
    inner = 2**depth - 1
    if not len(trees.features) == len(trees.limits) == len(trees.values):
        raise _unfit("parts of its trees do not match")
    sizes = {len(f) for f in trees.features} | {len(t) for t in trees.limits}
    if sizes != {inner} or {len(v) for v in trees.values} != {nodes}:
        raise _unfit("its trees are not of one size")
    if not all(0 <= asked < features for tree in trees.features for asked in tree):
        raise _unfit("its trees ask for what no row has")


def _check_column(column: ColumnShape) -> None:
    bins = FIRST + (len(column.knots) or len(column.levels))
    if len(column.nats) != bins or len(column.coarse) != bins:
        raise _unfit("bins of a column do not match")
    if not all(0 <= own < WIDTH for own in column.coarse):
        raise _unfit("a bin of a column is none of its pairs")
    if not column.knots:
        if column.scores:
            raise _unfit("a column of levels has scores of numbers")
        return
    strictly = all(a < b for a, b in pairwise(column.knots))
    fall = all(a > b for a, b in pairwise((*column.steps, 0.0)))
    if not (column.step >= 0 and column.off_step >= 0 and fall and len(column.steps) <= MOST_STEPS):
        raise _unfit("the step of a column is none")
    if not strictly or len(column.units) != 2 or min(column.units) <= 0 or column.slack < 0:
        raise _unfit("quantiles of a column do not rise")
    if column.scores and (len(column.scores) != len(column.knots) or not _rises(column.scores)):
        raise _unfit("scores of a column do not rise")


def _rises(values: tuple[float, ...]) -> bool:
    return all(a <= b for a, b in pairwise(values))


def _unfit(why: str) -> Exception:
    return malformed(UNUSUAL_FILE, why, code="MW-B133")


def none_to_tell(version: int) -> UsageError:
    """Return the error for asking a version that cannot tell unusual rows."""
    return UsageError(
        f"version {version} cannot tell unusual rows: it was made by an earlier release, or trained on too few rows",
        fix="train again, with more rows where there were less than 60, or ask for the prediction alone",
        code="MW-U607",
    )
