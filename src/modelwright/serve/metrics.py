"""What the server counts, and `Metrics.render`, which tells Prometheus.

Names are those of KServe and MLServer where they have one. The number of series is bounded: labels are names of models,
numbers of versions, codes of errors, templates of routes and names of the first features, never values of a request;
and `Store` takes no more than fit its file.
"""

from __future__ import annotations

import math
import os
import platform
import sys
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from modelwright import __version__
from modelwright.serve.exposition import CONTENT_TYPE, Family, Labels, histogram, sample, written
from modelwright.serve.series import Series, Snapshot, Store, read_others

__all__ = [
    "CONTENT_TYPE",
    "FEATURES",
    "LOOKED",
    "PROBABILITY_EDGES",
    "SECONDS_EDGES",
    "Metrics",
    "ModelMetrics",
    "value_edges",
]

SECONDS_EDGES = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
PROBABILITY_EDGES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
FEATURES = 20  # whose share of missing values is told
EVERY = 8  # of requests for one row one in so many is looked at for missing values: it takes 10 microseconds
LOOKED = 1000  # rows of one request, the first: they are looked at where requests are answered
WINDOW = 1000  # rows: the share of missing values is of the last one to two thousand looked at

_SUCCESS = "model_infer_request_success_total"
_FAILURE = "model_infer_request_failure_total"
_SECONDS = "request_predict_seconds"
_VALUE = "model_prediction_value"
_MISSING = "model_feature_null_ratio"
_INFO = "model_info"
_PROGRESS = "http_requests_in_progress"
_HTTP = "http_requests_total"
_LOG = "modelwright_log_records_total"
_LOST = "modelwright_metrics_series_lost"
_BUILD = "modelwright_build_info"
_WORKERS = "modelwright_workers"
_MEMORY = "process_resident_memory_bytes"
_STARTED = "process_start_time_seconds"

FAMILIES = {
    _SUCCESS: Family("counter", "Requests that were answered with predictions."),
    _FAILURE: Family("counter", "Requests for predictions that were refused or failed, by code of the error."),
    _SECONDS: Family("histogram", "Seconds from the whole request read to the answer written."),
    _VALUE: Family("histogram", "Predicted values, or probabilities of the event; of the likeliest class of many."),
    _MISSING: Family("gauge", "Share of missing values in the last rows of each worker, 1,000 to 2,000."),
    _INFO: Family("gauge", "1 for each version that is loaded."),
    _PROGRESS: Family("gauge", "Requests that are worked on now."),
    _HTTP: Family("counter", "Requests by template of the route and status of the answer."),
    _LOG: Family("counter", "Records of the prediction log, by what became of them."),
    _LOST: Family("gauge", "Series that found no place and are not told."),
    _BUILD: Family("gauge", "1, with the versions of Modelwright and Python."),
    _WORKERS: Family("gauge", "Processes that answer."),
    _MEMORY: Family("gauge", "Resident memory of all workers together, in bytes."),
    _STARTED: Family("gauge", "When the oldest worker began, in seconds since 1970."),
}

_OF_THE_LIVING = {_MISSING, _INFO, _PROGRESS}  # what an ended worker says of them is no longer so


class Metrics:
    """Counts of one worker; belongs to one event loop.

    Parameters
    ----------
    shared : Path or None
        Folder in which the workers of one server keep their counts; None: there is one worker.
    worker : int
        Its number. What an earlier process with the number counted is gone on with.

    Raises
    ------
    ProjectError
        The folder cannot be written.
    """

    def __init__(self, shared: Path | None = None, worker: int = 0) -> None:
        self._folder = shared
        self._store = Store(shared, worker)
        self._numbers = self._store.numbers
        for series in self._store.snapshot().series:
            if series.name in _OF_THE_LIVING:
                self._reset(series)
        self._progress = self._store.place(_PROGRESS, {})
        self._statuses: dict[tuple[str, int], int] = {}
        self._logged: dict[str, tuple[int, float]] = {}

    def _reset(self, series: Series) -> None:
        at = self._store.place(series.name, dict(series.labels), len(series.numbers), series.edges)
        for i in range(len(series.numbers)):
            self._numbers[at + i] = 0.0

    def began(self) -> None:
        """Count a request that is worked on."""
        self._numbers[self._progress] += 1.0

    def ended(self, route: str, status: int) -> None:
        """Count its answer. ``route`` is the template, never the path that was asked for."""
        self._numbers[self._progress] -= 1.0
        self.told(route, status)

    def told(self, route: str, status: int) -> None:
        """Count an answer that was there as soon as it was asked for."""
        at = self._statuses.get((route, status))
        if at is None:
            at = self._statuses[route, status] = self._store.place(_HTTP, {"route": route, "status": str(status)})
        self._numbers[at] += 1.0

    def logged(self, counters: Mapping[str, int]) -> None:
        """Take over the counters of the prediction log: ``written``, ``dropped``, ``failed``, each since it began."""
        for result, total in counters.items():
            at, before = self._logged.get(result) or (self._store.place(_LOG, {"result": result}), 0.0)
            self._numbers[at] += max(0.0, total - before)
            self._logged[result] = (at, float(total))

    def model(
        self,
        name: str,
        version: str,
        *,
        watched: Sequence[str],
        edges: Sequence[float],
        features: Sequence[str] = (),
        digest: str = "",
        signed: bool = False,
    ) -> ModelMetrics:
        """Return the counts of a version.

        Parameters
        ----------
        name, version, digest : str
        watched : sequence of str
            Columns of answers whose values are told: ``prediction``, or the probability of the event; of several, the
            largest in each row.
        edges : sequence of float
            Bounds for them: `PROBABILITY_EDGES`, or `value_edges` of the target's profile.
        features : sequence of str
            Those whose share of missing values is told, most important first; the first `FEATURES` are taken.
        signed : bool
        """
        return ModelMetrics(
            self._store, {"model": name, "version": version}, tuple(watched), tuple(edges), tuple(features[:FEATURES]),
            {"name": name, "version": version, "digest": digest, "signed": str(signed).lower()},
        )  # fmt: skip

    def render(self) -> bytes:
        """Return what all workers counted, as Prometheus reads it (`CONTENT_TYPE`)."""
        snapshots = [self._store.snapshot()]
        if self._folder is not None:
            snapshots += read_others(self._folder, self._store.path)
        merged = _merged(snapshots)
        lines: list[str] = []
        for name, family in FAMILIES.items():
            found = [line for key, numbers in sorted(merged[name].items()) for line in _lines(name, key, numbers)]
            lines += written(name, family, [*found, *self._own(name, snapshots)])
        return ("\n".join(lines) + "\n").encode()

    def _own(self, name: str, snapshots: Sequence[Snapshot]) -> list[str]:
        """Return the lines that nobody counts: of processes and of this program."""
        alive = [s for s in snapshots if s.alive]
        if name == _BUILD:
            return [sample(name, (("version", __version__), ("python", platform.python_version())), 1.0)]
        if name == _WORKERS:
            return [sample(name, (), len(alive))]
        if name == _STARTED:
            return [sample(name, (), min(s.started for s in alive))]
        if name == _LOST:
            return [sample(name, (), self._store.lost)]
        if name == _MEMORY:
            resident = [_resident(s.process) for s in alive]
            return [sample(name, (), sum(r for r in resident if r is not None))] if any(resident) else []
        return []

    def close(self) -> None:
        """Let the next worker with the number go on with the counts."""
        self._store.close()


class ModelMetrics:
    """Counts of one version in one worker; made by `Metrics.model`."""

    def __init__(
        self,
        store: Store,
        labels: Mapping[str, str],
        watched: tuple[str, ...],
        edges: tuple[float, ...],
        features: tuple[str, ...],
        info: Mapping[str, str],
    ) -> None:
        self._store, self._labels = store, labels
        self._numbers = store.numbers
        self._watched = watched
        self._only = watched[0] if len(watched) == 1 else None
        self._edges = edges
        self._success = store.place(_SUCCESS, labels)
        self._seconds = store.place(_SECONDS, {"model_name": labels["model"]}, len(SECONDS_EDGES) + 2, SECONDS_EDGES)
        self._seconds_sum = self._seconds + len(SECONDS_EDGES) + 1
        self._values = store.place(_VALUE, labels, len(edges) + 2, edges)
        self._values_sum = self._values + len(edges) + 1
        self._missing = {f: store.place(_MISSING, {**labels, "feature": f}, 2) for f in features}
        self._failures: dict[str, int] = {}
        self._turn = 0
        self._info = store.place(_INFO, info)
        self._numbers[self._info] = 1.0

    def observe(self, seconds: float, answers: Mapping[str, Sequence[Any]]) -> None:
        """Count a request that was answered."""
        numbers = self._numbers
        numbers[self._success] += 1.0
        numbers[self._seconds + bisect_left(SECONDS_EDGES, seconds)] += 1.0
        numbers[self._seconds_sum] += seconds
        values = answers.get(self._only) if self._only is not None else self._largest(answers)
        if values is None:
            return
        if len(values) != 1:
            self._many(values)
            return
        self._one(values[0])

    def observe_one(self, seconds: float, answer: Mapping[str, Any]) -> None:
        """Count a request for one record that was answered; `observe` with single values."""
        numbers = self._numbers
        numbers[self._success] += 1.0
        numbers[self._seconds + bisect_left(SECONDS_EDGES, seconds)] += 1.0
        numbers[self._seconds_sum] += seconds
        if self._only is not None:
            self._one(answer.get(self._only))
        else:
            self._one(max((answer[w] for w in self._watched if w in answer), default=None))

    def _one(self, value: Any) -> None:
        numbers = self._numbers
        if value is not None and value == value:  # NaN is in no bucket
            numbers[self._values + bisect_left(self._edges, value)] += 1.0
            numbers[self._values_sum] += value

    def _largest(self, answers: Mapping[str, Sequence[Any]]) -> Sequence[Any] | None:
        found = [answers[w] for w in self._watched if w in answers]
        return [max(row) for row in zip(*found, strict=True)] if found else None

    def _many(self, values: Sequence[Any]) -> None:
        numbers = np.asarray(values, dtype=float)
        numbers = numbers[~np.isnan(numbers)]
        counts = np.bincount(np.searchsorted(self._edges, numbers), minlength=len(self._edges) + 1)
        for i in np.flatnonzero(counts).tolist():
            self._numbers[self._values + i] += float(counts[i])
        self._numbers[self._values_sum] += float(numbers.sum())

    def failed(self, code: str) -> None:
        """Count a request that was not, by the code of its error."""
        at = self._failures.get(code)
        if at is None:
            at = self._failures[code] = self._store.place(_FAILURE, {**self._labels, "reason": code})
        self._numbers[at] += 1.0

    def look(self, records: Sequence[Mapping[str, Any]] | None, columns: Any) -> None:
        """Count missing values of the rows that were asked for; not on the way of an answer.

        Of requests for a single row only every eighth is looked at (`EVERY`), of others the first rows (`LOOKED`).

        Parameters
        ----------
        records : sequence of mappings or None
        columns : mapping of sequences, `pyarrow.Table` or None
        """
        if records is not None and len(records) == 1:
            self._turn = (self._turn + 1) % EVERY
            if self._turn == 1:
                self._look_at_one(records[0])
            return
        if records is not None:
            records = records[:LOOKED]
            for feature, at in self._missing.items():
                self._add_missing(at, sum(_is_missing(r.get(feature)) for r in records), len(records))
            return
        of_arrow = hasattr(columns, "column_names")
        names = columns.column_names if of_arrow else columns or ()
        for feature, at in self._missing.items():
            if feature in names:
                values = columns[feature][:LOOKED]
                missing = _missing_of_arrow(values) if of_arrow else sum(map(_is_missing, values))
                self._add_missing(at, missing, len(values))

    def _look_at_one(self, record: Mapping[str, Any]) -> None:
        for feature, at in self._missing.items():
            self._add_missing(at, int(_is_missing(record.get(feature))), 1)

    def _add_missing(self, at: int, missing: int, rows: int) -> None:
        numbers = self._numbers
        if numbers[at + 1] >= 2 * WINDOW:  # half of it is forgotten
            numbers[at] *= 0.5
            numbers[at + 1] *= 0.5
        numbers[at] += missing
        numbers[at + 1] += rows

    def retire(self) -> None:
        """Say that the version is no longer loaded; its counts stay."""
        self._numbers[self._info] = 0.0
        for at in self._missing.values():
            self._numbers[at] = self._numbers[at + 1] = 0.0


def value_edges(quantiles: Iterable[float]) -> tuple[float, ...]:
    """Return bounds of buckets for predicted values: quantiles of the target in training, and the middles between."""
    known = sorted({float(q) for q in quantiles if math.isfinite(q)})
    halves = [low + (high - low) / 2 for low, high in pairwise(known)]
    return tuple(sorted({*known, *(h for h in halves if math.isfinite(h))})) or (0.0,)


def _is_missing(value: Any) -> bool:
    return value is None or value == "" or value != value


def _missing_of_arrow(column: Any) -> int:
    """Return how many values of a `pyarrow.ChunkedArray` are missing, as `_is_missing` has it."""
    kind = str(column.type)
    if kind in ("halffloat", "float", "double"):
        return int(np.isnan(column.to_numpy()).sum())  # there null is NaN
    if kind in ("string", "large_string"):
        import pyarrow.compute as pc  # is there where tables come from it

        return int(column.null_count + (pc.sum(pc.equal(column, "")).as_py() or 0))
    return int(column.null_count)


_MergedKey = tuple[Labels, tuple[float, ...]]


def _merged(snapshots: Iterable[Snapshot]) -> dict[str, dict[_MergedKey, list[float]]]:
    """Return sums over workers by name, labels and edges; of two sets of edges for the same labels the first counts."""
    merged: dict[str, dict[_MergedKey, list[float]]] = {name: {} for name in FAMILIES}
    edges: dict[tuple[str, Labels], tuple[float, ...]] = {}
    for snapshot in snapshots:
        for series in snapshot.series:
            if series.name not in merged or (series.name in _OF_THE_LIVING and not snapshot.alive):
                continue
            if edges.setdefault((series.name, series.labels), series.edges) != series.edges:
                continue
            if not _fits(series):
                continue
            key = (series.labels, series.edges)
            before = merged[series.name].get(key, [0.0] * len(series.numbers))
            merged[series.name][key] = [a + b for a, b in zip(before, series.numbers, strict=True)]
    return merged


def _fits(series: Series) -> bool:
    """Tell whether a series has as many numbers as its name wants, and counts nothing below 0."""
    kind, numbers = FAMILIES[series.name].kind, series.numbers
    if kind == "histogram":
        return len(numbers) == len(series.edges) + 2 and min(numbers[:-1]) >= 0
    if series.name == _MISSING:
        return len(numbers) == 2
    return len(numbers) == 1 and (kind == "gauge" or numbers[0] >= 0)


def _lines(name: str, key: _MergedKey, numbers: Sequence[float]) -> list[str]:
    labels, edges = key
    if name == _MISSING:
        return [sample(name, labels, numbers[0] / numbers[1])] if numbers[1] else []
    if name == _INFO:
        return [sample(name, labels, 1.0)] if numbers[0] else []
    if FAMILIES[name].kind == "histogram":
        return histogram(name, labels, edges, numbers)
    return [sample(name, labels, numbers[0])]


def _resident(process: int) -> int | None:
    """Return the resident memory of a process; None where the system does not tell it so."""
    if sys.platform != "linux":
        return None
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
