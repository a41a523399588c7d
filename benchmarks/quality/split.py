"""Train and test files of a set for a seed: Parquet, the same for every system, the test file without its target.

The target of classes is text; a class of which training holds fewer than two rows is left out of both files, since no
system can be asked for it. A set of more than `MOST_TRAIN` rows of training is thinned at random first.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sets import Set

__all__ = ["MOST_TRAIN", "TEST_SHARE", "Split", "load", "make", "put_aside"]

TEST_SHARE = 0.25
MOST_TRAIN = 100_000
LEAST_OF_CLASS = 2
ROLLING = (0.0, 0.1, 0.2)
"""By the seed: the share of the latest rows that a split by time leaves out: each seed has a test period of its own."""
FILES = ("train", "test", "truth")
FORMAT = 1
"""Raised where the same line of ``sets.csv`` gives other files than before: results of other files are not mixed."""


@dataclass(frozen=True)
class Split:
    """Files of a set for a seed, and what a system is told of them."""

    train: Path
    test: Path
    truth: Path
    """One column ``truth`` in the order of the test file; only scoring reads it."""
    target: str
    objective: str
    classes: tuple[str, ...]
    """Names of the classes of training in order; of a binary target the second is the event. Empty for numbers."""
    fingerprint: str
    train_rows: int
    test_rows: int


def make(one: Set, path: Path, *, seed: int, folder: Path) -> Split:
    """Write the files of a set below ``folder``, or take those that are there, and return where they are.

    Parameters
    ----------
    path
        The file of the set.
    """
    place = folder / f"{one.name}-{seed}"
    fingerprint = hashlib.sha256(json.dumps([FORMAT, seed, asdict(one)], default=str).encode()).hexdigest()[:12]
    told = place / "split.json"
    whole = all((place / f"{part}.parquet").is_file() for part in FILES)
    if not whole or not told.is_file() or json.loads(told.read_text())["fingerprint"] != fingerprint:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        document = {"fingerprint": fingerprint, **_write(one, path, seed, place)}
        told.write_text(json.dumps(document, indent=1))
    known = json.loads(told.read_text())
    return Split(
        train=place / "train.parquet",
        test=place / "test.parquet",
        truth=place / "truth.parquet",
        target=one.target,
        objective=one.objective,
        classes=tuple(known["classes"]),
        fingerprint=fingerprint,
        train_rows=known["train rows"],
        test_rows=known["test rows"],
    )


def _write(one: Set, path: Path, seed: int, place: Path) -> dict[str, Any]:
    frame = load(one, path)
    train_rows, test_rows = put_aside(one, frame, seed=seed)
    train, test = frame.iloc[train_rows], frame.iloc[test_rows]
    without = test.drop(columns=one.target)
    truth = test[[one.target]].set_axis(["truth"], axis=1)
    for name, part in zip(FILES, (train, without, truth), strict=True):
        pq.write_table(_table(part), place / f"{name}.parquet")
    classes = sorted(train[one.target].unique()) if one.objective != "regression" else []
    return {"classes": classes, "train rows": len(train), "test rows": len(test)}


def _table(frame: pd.DataFrame) -> pa.Table:
    """Return a table whose types say everything: no hints for one library, and text that every version can read."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    fields = [f.with_type(pa.string()) if pa.types.is_large_string(f.type) else f for f in table.schema]
    return table.cast(pa.schema(fields))


def load(one: Set, path: Path) -> pd.DataFrame:
    """Return the rows of a set whose target is known, without the columns that nobody is to see."""
    frame = pd.read_csv(path, low_memory=False, encoding_errors="replace")
    frame.columns = frame.columns.str.strip()
    frame = frame.drop(columns=[c for c in one.without if c in frame]).dropna(subset=[one.target])
    target = frame[one.target]
    if one.objective != "regression":
        whole = pd.api.types.is_float_dtype(target) and (target == target.round()).all()
        frame[one.target] = (target.astype("int64") if whole else target).astype(str)
    return frame.reset_index(drop=True)


def put_aside(one: Set, frame: pd.DataFrame, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the row numbers of training and of test, each in the order of the file."""
    generator = np.random.default_rng([seed, *one.name.encode()])
    how, _, column = one.test.partition(":")
    most = round(MOST_TRAIN / (1 - TEST_SHARE))
    rows = np.arange(len(frame))
    if len(rows) > most:
        rows = np.sort(generator.choice(rows, most, replace=False))
    if how == "time":
        test = _latest(frame.iloc[rows], column, seed)
    elif how == "group":
        test = _groups(frame[column].iloc[rows].to_numpy(), generator)
    elif how == "random":
        labels = frame[one.target].iloc[rows].to_numpy() if one.objective != "regression" else None
        test = _random(len(rows), labels, generator)
    else:
        raise ValueError(f"test '{one.test}' of {one.name} is none of random, group:COLUMN, time:COLUMN")
    train_rows, test_rows = rows[test == 0], rows[test == 1]
    if one.objective == "regression":
        return train_rows, test_rows
    counts = frame[one.target].iloc[train_rows].value_counts()
    known = frame[one.target].isin(counts[counts >= LEAST_OF_CLASS].index).to_numpy()
    return train_rows[known[train_rows]], test_rows[known[test_rows]]


def _random(rows: int, labels: np.ndarray | None, generator: np.random.Generator) -> np.ndarray:
    """Return 1 for rows of the test: the same share of every class, rounded; 0 for the others."""
    test = np.zeros(rows, dtype=int)
    of_class = [np.arange(rows)] if labels is None else [np.flatnonzero(labels == c) for c in np.unique(labels)]
    for members in of_class:
        test[generator.permutation(members)[: round(TEST_SHARE * len(members))]] = 1
    return test


def _groups(groups: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return 1 for rows of whole groups, drawn until they are the share of the test or just above; 0 for the others."""
    names, codes = np.unique(groups, return_inverse=True)
    order = generator.permutation(len(names))
    sizes = np.bincount(codes)[order]
    taken = order[: 1 + int(np.searchsorted(np.cumsum(sizes), TEST_SHARE * len(groups)))]
    return np.isin(codes, taken).astype(int)


def _latest(frame: pd.DataFrame, columns: str, seed: int) -> np.ndarray:
    """Return 1 for the latest rows, 0 for those before, -1 for rows after the test period of this seed.

    Rows of one moment are never on both sides: the cut is at the change of moment that is nearest to the share.
    """
    moments = _moments(frame, columns)
    left_out = ROLLING[seed % len(ROLLING)]
    end = _cut(moments, 1 - left_out)
    start = _cut(moments[moments < end], 1 - TEST_SHARE)
    return np.where(moments >= end, -1, (moments >= start).astype(int))


def _cut(moments: np.ndarray, share: float) -> int:
    """Return the moment before which the share of the rows lies, as nearly as whole moments allow."""
    values, counts = np.unique(moments, return_counts=True)
    if share == 1:
        return int(values[-1]) + 1
    before = np.cumsum(counts) - counts
    inner = slice(1, None)  # something is on either side
    return int(values[inner][np.argmin(np.abs(before[inner] - share * len(moments)))])


def _moments(frame: pd.DataFrame, columns: str) -> np.ndarray:
    """Return whole numbers that order the rows: ranks of the columns, or the order of the file where none is named."""
    if not columns:
        return np.arange(len(frame))
    keys = pd.DataFrame({c: _ordered(frame[c]) for c in columns.split("+")})
    return keys.groupby(list(keys), dropna=False, sort=True).ngroup().to_numpy()


def _ordered(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column
    try:
        return pd.to_datetime(column, format="ISO8601")
    except ValueError:
        return pd.to_datetime(column, dayfirst=True)
