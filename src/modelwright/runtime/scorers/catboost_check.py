"""A look at a CatBoost model before the library sees it.

A ``.cbm`` file is ``CBM1``, a length, a FlatBuffer with trees and features, and behind it one FlatBuffer for each table
of category statistics; the schemas are in CatBoost's sources (``catboost/libs/model/flatbuffers/*.fbs``). CatBoost
checks the offsets of the first buffer and none of the tables', and believes every index in both. All of them are
checked here, and what Modelwright never writes (asymmetric trees, texts, embeddings) is refused.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.runtime.scorers.checking import in_range, refuse, require
from modelwright.runtime.scorers.flatbuffer import Table, root

__all__ = ["check_cbm"]

MAGIC, FORMAT, STATISTICS = b"CBM1", "FlabuffersModel_v1", "static_provider_v1"
MAX_DEPTH = 16  # CatBoost's own limit for symmetric trees
PER_BIN = 254  # borders that share one byte of a binarised feature (MAX_VALUES_PER_BIN)
MAX_BINS = 0xFFFF
NO_HASH = np.uint64(0xFFFFFFFFFFFFFFFF)  # of a bucket that is free
BORDERS, BUCKETS, BINARIZED_MEAN, FLOAT_MEAN, COUNTER, FREQUENCY = range(6)  # ECtrType
_BUCKET = np.dtype([("hash", "<u8"), ("index", "<u4")])
_FLOAT_SPLIT = np.dtype([("index", "<i4"), ("border", "<f4")])
_VALUE_SPLIT = np.dtype([("index", "<i4"), ("value", "<i4")])
_REPACKED = np.dtype([("feature", "<u2"), ("xor", "u1"), ("split", "u1")])
_MEAN = np.dtype([("sum", "<f4"), ("count", "<i4")])
# Positions of fields in the tables of the schema.
_CORE = {"format": 0, "trees": 1, "info": 2, "parts": 3}
_TREES = {"dimension": 0, "splits": 1, "sizes": 2, "offsets": 3, "categories": 4, "floats": 5, "one_hot": 6, "ctrs": 7}
_TREES |= {"values": 8, "weights": 9, "scale": 14, "bias": 15, "biases": 16, "repacked": 17}
_NEVER_WRITTEN = (10, 11, 12, 13, 18)  # asymmetric trees (2), texts, estimated features, embeddings


@dataclass(frozen=True)
class _Features:
    """What may be asked of a row: borders by number, values by category, and which categories are read."""

    borders: list[np.ndarray]
    values: dict[int, np.ndarray]
    read: frozenset[int]


@dataclass(frozen=True)
class _Statistic:
    """What identifies a table of category statistics, and how many classes of the target it counts."""

    key: tuple[object, ...]
    kind: int
    n_targets: int = 0


def check_cbm(content: bytes, n_features: int, categorical: Sequence[int], n_classes: int, name: str) -> None:
    """Check a model.

    Parameters
    ----------
    content : bytes
    n_features : int
        Of the view.
    categorical : sequence of int
        Features of the view that are categories.
    n_classes : int
        0 for values.
    name : str
        Of the file, for errors.

    Raises
    ------
    BundleError
        It is no CatBoost model of symmetric trees for these features and classes, or something in it points outside.
    """
    try:
        core, rest = _core(content)
        require(core.text(_CORE["format"]) == FORMAT, f"{name} is no CatBoost model of a known format")
        for entry in core.tables(_CORE["info"]):
            _check_info(entry.text(1))
        trees = core.table(_CORE["trees"])
        require(not any(len(trees.array(field, "u1")) for field in _NEVER_WRITTEN), f"{name} has unusual parts")
        features = _check_features(trees, n_features - len(categorical), len(categorical), name)
        tables = _check_statistics(rest, core.texts(_CORE["parts"]), features, name)
        sizes = [*map(len, features.borders), *map(len, features.values.values())]
        sizes += _check_ctrs(trees, features, tables, name)
        _check_trees(trees, n_classes if n_classes > 2 else 1, name)
        _check_splits(trees, sizes, len(features.borders), len(features.values), name)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        refuse(f"{name} is no CatBoost model ({error})")


def _core(content: bytes) -> tuple[Table, bytes]:
    if content[:4] != MAGIC:
        raise ValueError("it does not begin as one")
    core, rest = _sized(content[4:])
    return root(core), rest


def _sized(content: bytes) -> tuple[bytes, bytes]:
    """Return a part with its length in front, and what follows; lengths of 64 bits do not come into question."""
    if len(content) < 4:
        raise ValueError("it ends early")
    size = struct.unpack_from("<I", content)[0]
    if size > len(content) - 4:
        raise ValueError("it announces more than it holds")
    return content[4 : 4 + size], content[4 + size :]


def _check_info(text: str) -> None:
    if text.startswith(("{", "[")):
        json.loads(text)  # what is too deep for this one might be for CatBoost's


def _check_features(trees: Table, n_floats: int, n_categories: int, name: str) -> _Features:
    floats, categories = trees.tables(_TREES["floats"]), trees.tables(_TREES["categories"])
    require((len(floats), len(categories)) == (n_floats, n_categories), f"{name} does not fit the features of its view")
    numbers = [(f.whole(1, -1), f.whole(2, -1)) for f in floats]
    numbers += [(c.whole(0, -1) + n_floats, c.whole(1, -1)) for c in categories]
    require(numbers == [(i, i) for i in range(n_floats + n_categories)], f"{name} numbers its features oddly")
    borders = [_borders(feature, 3, name) for feature in floats]
    require(all(f.whole(5, 0, kind="<b") in (0, 1, 2) for f in floats), f"{name} treats missing values oddly")
    read = frozenset(i for i, feature in enumerate(categories) if feature.whole(3, 1, kind="<b"))
    values: dict[int, np.ndarray] = {}
    for feature in trees.tables(_TREES["one_hot"]):
        index = feature.whole(0, -1)
        require(index in read and index not in values, f"{name} asks for a category that is not there")
        values[index] = feature.array(1, "<i4")
        require(len(feature.texts(2)) in (0, len(values[index])), f"'StringValues' in {name} do not fit")
    return _Features(borders, values, read)


def _borders(table: Table, field: int, name: str) -> np.ndarray:
    borders = table.array(field, "<f4")
    require(not np.isnan(borders).any(), f"{name} has a border that is no number")
    return borders


def _check_statistics(rest: bytes, parts: list[str], features: _Features, name: str) -> dict[object, _Statistic]:
    """Return the tables of category statistics behind the core; nothing else may be there."""
    require(parts in ([], [STATISTICS]), f"{name} has parts that are unknown")
    tables: dict[object, _Statistic] = {}
    if parts:
        count, rest = struct.unpack_from("<I", rest.ljust(4, b"\xff"))[0], rest[4:]
        require(count <= len(rest), f"{name} announces more than it holds")
        for _ in range(count):
            part, rest = _sized(rest)
            found = _check_table(root(part), features, name)
            require(found.key not in tables, f"{name} has a table twice")
            tables[found.key] = found
    require(not rest, f"{name} goes on after its end")
    return tables


def _check_table(table: Table, features: _Features, name: str) -> _Statistic:
    """A table is a hash table without deletions, whose buckets name an entry of what was counted."""
    found = _statistic(table.table(0), features, name)
    buckets, content, n_targets = table.array(1, "u1"), table.array(2, "u1").tobytes(), table.whole(4)
    count = len(buckets) // _BUCKET.itemsize
    require(
        len(buckets) % _BUCKET.itemsize == 0 and count > 0 and count & (count - 1) == 0,
        f"{name} has a table of an odd size",
    )
    listed = buckets.view(_BUCKET)
    free = listed["hash"] == NO_HASH
    require(free.any(), f"{name} has a table in which a search would not end")
    if found.kind in (BINARIZED_MEAN, FLOAT_MEAN):
        means = np.frombuffer(content, _MEAN)
        require(np.isfinite(means["sum"]).all(), f"{name} has a mean that is no number")
        entries = len(means)
    else:
        counted = len(np.frombuffer(content, "<i4"))
        width = {BORDERS: max(n_targets, 2), BUCKETS: max(n_targets, 1)}.get(found.kind, 1)
        entries = counted // width
    in_range("buckets", listed["index"][~free].astype(np.int64), 0, entries)
    return _Statistic(found.key, found.kind, n_targets)


def _statistic(base: Table, features: _Features, name: str) -> _Statistic:
    """Return what a statistic is over: categories, and questions on numbers and categories that the model asks too."""
    combination, kind = base.table(0), base.whole(1, 0, kind="<b")
    require(BORDERS <= kind <= FREQUENCY, f"{name} has a statistic of an unknown kind")
    categories = combination.array(0, "<i4").tolist()
    floats, values = combination.array(1, _FLOAT_SPLIT).tolist(), combination.array(2, _VALUE_SPLIT).tolist()
    require(features.read.issuperset(categories), f"{name} counts a category that is not there")
    for index, border in floats:
        known = 0 <= index < len(features.borders) and (features.borders[index] == np.float32(border)).any()
        require(known, f"{name} counts by a border that is not there")
    for index, value in values:
        require(
            index in features.values and (features.values[index] == value).any(), f"{name} counts by a strange value"
        )
    return _Statistic((kind, tuple(categories), tuple(floats), tuple(values)), kind)


def _check_ctrs(trees: Table, features: _Features, tables: dict[object, _Statistic], name: str) -> list[int]:
    """Check the features made of statistics; return how many borders each has."""
    sizes = []
    for feature in trees.tables(_TREES["ctrs"]):
        ctr = feature.table(0)
        asked = _statistic(ctr.table(0), features, name)
        require(asked.key in tables, f"{name} needs a statistic that is not there")
        if asked.kind in (BORDERS, BUCKETS):
            in_range("TargetBorderIdx", np.array([ctr.whole(1)]), 0, max(tables[asked.key].n_targets, 1))
        numbers = [ctr.real(field, default) for field, default in ((2, 0.0), (3, 1.0), (4, 0.0), (5, 1.0))]
        require(np.isfinite(numbers).all(), f"{name} weighs a statistic by no number")
        sizes.append(len(_borders(feature, 1, name)))
    return sizes


def _check_trees(trees: Table, dimension: int, name: str) -> None:
    sizes, offsets = trees.array(_TREES["sizes"], "<i4"), trees.array(_TREES["offsets"], "<i4")
    require(trees.whole(_TREES["dimension"]) == dimension, f"{name} does not fit the classes")
    require(len(sizes) > 0, f"{name} has no trees")
    in_range("TreeSizes", sizes, 0, MAX_DEPTH + 1)
    ends = np.cumsum(sizes, dtype=np.int64)
    require(np.array_equal(offsets, ends - sizes), f"'TreeStartOffsets' in {name} do not fit")
    require(len(trees.array(_TREES["splits"], "<i4")) == ends[-1], f"'TreeSplits' in {name} do not fit")
    n_leaves = int(np.sum(1 << sizes.astype(np.int64)))
    for key, lengths in (("values", {n_leaves * dimension}), ("weights", {0, n_leaves}), ("biases", {0, dimension})):
        numbers = trees.array(_TREES[key], "<f8")
        require(len(numbers) in lengths and np.isfinite(numbers).all(), f"the leaf {key} in {name} do not fit")
    added = [trees.real(_TREES["scale"], 1.0, kind="<d"), trees.real(_TREES["bias"], 0.0, kind="<d")]
    require(np.isfinite(added).all(), f"{name} scales its answers by no number")


def _check_splits(trees: Table, sizes: list[int], n_floats: int, n_values: int, name: str) -> None:
    """A split names one of all borders and values; where its feature lies among the bytes of a row is kept beside."""
    splits = in_range("TreeSplits", trees.array(_TREES["splits"], "<i4"), 0, sum(sizes))
    feature, place, one_hot = (np.array(list(part), dtype=np.int64) for part in zip(*_bins(sizes, n_floats, n_values)))
    require(feature.size == 0 or feature[-1] <= MAX_BINS, f"{name} has too many features")
    expected = np.zeros(len(splits), _REPACKED)
    if len(splits):
        expected["feature"] = feature[splits]
        expected["xor"] = np.where(one_hot[splits] == 1, ~place[splits] & 0xFF, 0)
        expected["split"] = np.where(one_hot[splits] == 1, 0xFF, place[splits])
    require(
        np.array_equal(trees.array(_TREES["repacked"], _REPACKED), expected), f"'RepackedBins' in {name} do not fit"
    )


def _bins(sizes: list[int], n_floats: int, n_values: int) -> Iterator[tuple[int, int, int]]:
    """Yield for each border its byte, its place in there, and whether it is a value; one row of zeros if none is."""
    first = 0
    for number, size in enumerate(sizes):
        for i in range(size):
            yield first + i // PER_BIN, i % PER_BIN + 1, int(n_floats <= number < n_floats + n_values)
        first += -(-size // PER_BIN)
    if not any(sizes):
        yield 0, 0, 0
