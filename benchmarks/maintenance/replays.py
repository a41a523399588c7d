"""What maintenance is worth: sets along time and generated streams; frozen, maintained, trained after every window.

    python benchmarks/maintenance/replays.py DATA [--sets elec2,bike_sharing_hourly] [--kinds sudden,none]
        [--rows 12000] [--windows 30] [--late 2] [--trials 1] [--seed 0] [--keep FOLDER] [--out replays.jsonl]

DATA is the folder with INDEX.csv. A set is thinned evenly to ``--rows``, which keeps its years; the first fifth trains
the project, the rest is the stream, with labels ``--late`` windows late. Printed for each, one JSON line: the mean
losses of the three lives, how often was trained, and what was judged. To be reached: maintained below frozen on every
set with real decay, within noise of every window with at most a third of its trainings; nothing learned from a broken
feed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from streams import KINDS, make_stream

import modelwright as mw
from modelwright.evaluate.measurements import Measurement
from modelwright.govern.waiving import verdict_of
from modelwright.retrain.replay import replay

TIME = "when"
FIRST = 0.2
MONTHS = {month: number for number, month in enumerate(
    ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
     "December"))}  # fmt: skip


def _elec2(folder: Path) -> tuple[pd.DataFrame, str]:
    return pd.read_csv(folder / "tabular/elec2/elec.csv"), "class"


def _metro(folder: Path) -> tuple[pd.DataFrame, str]:
    return pd.read_csv(folder / "tabular/metro_traffic_volume/traffic.csv"), "traffic_volume"


def _bikes(folder: Path) -> tuple[pd.DataFrame, str]:
    frame = pd.read_csv(folder / "tabular/bike_sharing_hourly/hour.csv").sort_values(["dteday", "hr"])
    return frame.drop(columns=["casual", "registered", "instant", "dteday"]), "cnt"


def _beijing(folder: Path) -> tuple[pd.DataFrame, str]:
    frame = pd.read_csv(folder / "forecast/beijing_pm25_hourly/pollution.csv")
    return frame.dropna(subset=["pm2.5"]).drop(columns=["No", "year"], errors="ignore"), "pm2.5"


def _hotels(folder: Path) -> tuple[pd.DataFrame, str]:
    frame = pd.read_csv(folder / "tabular/hotel_bookings/data.csv.gz")
    when = frame["arrival_date_year"] * 400 + frame["arrival_date_month"].map(MONTHS) * 31
    frame = frame.loc[(when + frame["arrival_date_day_of_month"]).sort_values(kind="stable").index]
    leaks = ["reservation_status", "reservation_status_date", "assigned_room_type", "arrival_date_year"]
    return frame.drop(columns=leaks), "is_canceled"


def _airlines(folder: Path) -> tuple[pd.DataFrame, str]:
    frame = pd.read_csv(folder / "tabular/airlines_1987_2008/data.csv.gz", low_memory=False)
    frame = frame.sort_values([c for c in ("Year", "Month", "DayofMonth") if c in frame], kind="stable")
    later = ("Dep", "Arr", "Actual", "Taxi", "AirTime", "Cancel", "Divert", "IsArr")
    leaks = [c for c in frame if c.startswith(later) or (c.endswith("Delay") and not c.startswith("IsDep"))]
    return frame.drop(columns=[*leaks, "Year"]), "IsDepDelayed"


SETS: dict[str, Callable[[Path], tuple[pd.DataFrame, str]]] = {
    "elec2": _elec2,
    "metro_traffic_volume": _metro,
    "bike_sharing_hourly": _bikes,
    "beijing_pm25_hourly": _beijing,
    "hotel_bookings": _hotels,
    "airlines_1987_2008": _airlines,
}


def lived(
    frame: pd.DataFrame, target: str, first: int, windows: int, asked: argparse.Namespace, keep: Path | None
) -> dict[str, Any]:
    """Return what a replay of the rows after the first came to."""
    frame = frame.assign(**{TIME: pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(len(frame)), unit="h")})
    frame = frame.apply(lambda column: column.astype("string") if column.dtype == object else column)  # swapped columns
    delay = asked.late * (len(frame) - first) // windows
    with tempfile.TemporaryDirectory(prefix="replays-") as folder:
        place, started = keep or Path(folder), time.monotonic()
        project = made_project(place, frame.head(first), target, asked.trials, asked.seed)
        frame.tail(len(frame) - first).to_parquet(place / "stream.parquet")
        found = replay(project, place / "stream.parquet", time=TIME, label_delay=f"{delay}h", windows=windows)
        return {
            "loss": found.loss, "frozen": found.frozen, "maintained": found.maintained,
            "every_window": found.every_window, "gain": _ends(found.gain), "behind": _ends(found.behind),
            "retrains": found.retrains, "probes": found.probes, "promotions": found.promotions,
            "rows_fitted": found.rows_fitted, "rows_fitted_always": found.rows_fitted_always,
            "rollbacks": found.rollbacks, "alarms": found.alarms, "refused": found.refused, "windows": found.windows,
            "rows": found.rows, "judged": Counter(found.judgements), "seconds": round(time.monotonic() - started, 1),
            "events": found.events,
        }  # fmt: skip


def made_project(place: Path, frame: pd.DataFrame, target: str, trials: int, seed: int) -> mw.Project:
    """Return the project of the first rows; one that is there already is taken."""
    if (place / "made" / "champion.json").is_file():
        return mw.Project(place / "made")
    place.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(place / "first.parquet")
    project = mw.run(
        place / "first.parquet", target=target, time=TIME, drop=[TIME], trials=trials, members=1, seed=seed,
        project=place / "made",
    )  # fmt: skip
    if project.champion is None:
        _waive(project)
        project.promote(1, why="the replay needs a champion")
    return project


def _waive(project: mw.Project) -> None:
    """Accept the gates that the model of a benchmark did not pass: it serves nobody."""
    verdict = verdict_of(project, 1)
    for gate in () if verdict is None else verdict.gates:
        if gate.blocking and not gate.passed:
            project.waive(gate.name, reason="the replay needs a champion", by="benchmark", version=1)


def _ends(found: Measurement) -> tuple[float | None, ...]:
    return found.value, found.low, found.high


def thinned(frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return so many rows, evenly along time."""
    return frame.iloc[np.unique(np.linspace(0, len(frame) - 1, min(rows, len(frame))).astype(int))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--rows", type=int, default=12_000)
    parser.add_argument("--windows", type=int, default=30)
    parser.add_argument("--late", type=int, default=2, help="Windows until the label of a row is known.")
    parser.add_argument("--trials", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="Keep the trained projects here, and use those that are there.")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    for name in filter(None, asked.sets.split(",")):
        frame, target = SETS[name](asked.data)
        frame = thinned(frame, asked.rows).reset_index(drop=True)
        first, keep = int(FIRST * len(frame)), _kept(asked, name)
        _tell(asked, name, lived(frame, target, first, asked.windows, asked, keep))
    for kind in filter(None, asked.kinds.split(",")):
        rows = asked.rows // 15
        stream = make_stream(kind, rows=3 * rows, windows=12, window_rows=rows, turn=4, seed=asked.seed)
        frame = pd.concat([stream.train, *stream.windows], ignore_index=True).drop(columns=[stream.time])
        keep = _kept(asked, kind)
        _tell(asked, kind, lived(frame, stream.target, len(stream.train), 12, asked, keep))


def _kept(asked: argparse.Namespace, name: str) -> Path | None:
    return asked.keep and asked.keep / f"{name}-{asked.rows}-{asked.trials}-{asked.seed}"


def _tell(asked: argparse.Namespace, name: str, found: dict[str, Any]) -> None:
    line = json.dumps({"set": name, **found})
    print(line, flush=True)
    if asked.out is not None:
        with open(asked.out, "a") as out:
            out.write(line + "\n")


if __name__ == "__main__":
    main()
