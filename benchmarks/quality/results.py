"""Results on disk: a line of ``results.csv`` for each run, written as soon as it is known, and the predictions."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

__all__ = ["Key", "Result", "Store"]

Key = tuple[str, int, str, int, str]


@dataclass(frozen=True)
class Result:
    """One run of one system."""

    set: str
    seed: int
    system: str
    budget: int
    split: str
    """Fingerprint of the files: results of other files do not compare."""
    part: str
    objective: str
    version: str
    score: float | None
    """The smaller the better (`metrics`); None where the run failed."""
    wall: float
    """Seconds of the whole process tree, from the start of Python to the written predictions."""
    fit_wall: float | None
    """Until there was something to predict with, start-up included; of Modelwright the whole command ``run``."""
    predict_wall: float | None
    peak_megabytes: float
    load: float
    """Of the machine in the minute before."""
    train_rows: int
    test_rows: int
    when: str
    error: str

    @property
    def key(self) -> Key:
        """What is measured once."""
        return self.set, self.seed, self.system, self.budget, self.split


class Store:
    """A folder of results. Lines are appended whole; a broken last line is dropped at the next opening."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "results.csv"
        folder.mkdir(parents=True, exist_ok=True)
        self.results: dict[Key, Result] = {r.key: r for r in _read(self.file)}
        self._write(self.file, self.results.values())

    def add(self, result: Result) -> None:
        """Keep a result; it is on disk when this returns."""
        self.results[result.key] = result
        with open(self.file, "a", newline="") as handle:
            csv.writer(handle).writerow(_cells(result))
            handle.flush()
            os.fsync(handle.fileno())

    def supersede(self, which: Callable[[Result], bool]) -> int:
        """Move results to ``superseded.csv``, so that they are measured again; return how many there were."""
        old = [r for r in self.results.values() if which(r)]
        if old:
            before = self.folder / "superseded.csv"
            self._write(before, [*_read(before), *old])
            self.results = {k: r for k, r in self.results.items() if not which(r)}
            self._write(self.file, self.results.values())
        return len(old)

    def predictions(self, key: Key) -> Path:
        """Return where the predictions of a run are."""
        return self._beside("predictions", key, "parquet")

    def log(self, key: Key) -> Path:
        """Return where what a run said is."""
        return self._beside("logs", key, "txt")

    def _beside(self, kind: str, key: Key, suffix: str) -> Path:
        name, seed, system, budget, _ = key
        path = self.folder / kind / f"{name}-{seed}-{system.replace(':', '-')}-{budget}s.{suffix}"
        path.parent.mkdir(exist_ok=True)
        return path

    @staticmethod
    def _write(path: Path, results: Iterable[Result]) -> None:
        aside = path.with_suffix(".writing")
        with open(aside, "w", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow([f.name for f in fields(Result)])
            writer.writerows(_cells(r) for r in results)
        aside.replace(path)


def _cells(result: Result) -> list[object]:
    return ["" if v is None else v for v in asdict(result).values()]


def _read(path: Path) -> list[Result]:
    if not path.is_file():
        return []
    with open(path, newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if None not in row and None not in row.values()]
    return [_result(row) for row in rows]


def _result(row: dict[str, str]) -> Result:
    def number(name: str) -> float | None:
        return float(row[name]) if row[name] else None

    return Result(
        set=row["set"],
        seed=int(row["seed"]),
        system=row["system"],
        budget=int(row["budget"]),
        split=row["split"],
        part=row["part"],
        objective=row["objective"],
        version=row["version"],
        score=number("score"),
        wall=float(row["wall"]),
        fit_wall=number("fit_wall"),
        predict_wall=number("predict_wall"),
        peak_megabytes=float(row["peak_megabytes"]),
        load=float(row["load"]),
        train_rows=int(row["train_rows"]),
        test_rows=int(row["test_rows"]),
        when=row["when"],
        error=row["error"],
    )
