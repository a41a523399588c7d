"""A prediction log of ten million rows, monitored: peak memory and seconds, beside a log of a fifth of that.

    python benchmarks/maintenance/long_log.py [--rows 10000000] [--trials 1]

A small model of 20 columns answers 50,000 generated rows into the log, as a server would, a request each; the label of
every tenth comes three days later. The files are then copied for one day after another, with their times and with other
names of requests, until there are so many rows. Each log is monitored by a process of its own, all of it in one look.
Memory is bounded where both peaks are about the same; of both, as many late labels are measured as are at most.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from streams import make_stream

import modelwright as mw
from modelwright.monitor.looking import look_at_log
from modelwright.serve.log import LOG_FOLDER, LogPolicy, PredictionLog, compact

DAY_ROWS = 50_000
BATCH_ROWS = 500  # answered together
FIRST = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # the file has the day of its writing
SECONDS = 86_000  # of a day, in which its requests come
COLUMNS = 20
LABELLED = 10  # every so-manieth row
LATE = timedelta(days=3)


def widened(frame: pd.DataFrame, target: str, seed: int) -> pd.DataFrame:
    """Return a table with so many columns that nothing depends on that there are `COLUMNS`.

    The stream draws from seeds below 10,000.
    """
    rng, more = np.random.default_rng(77_000 + seed), COLUMNS + 1 - frame.shape[1]
    return frame.assign(**{f"more_{i}": rng.normal(size=len(frame)).round(4) for i in range(more)})


def first_day(project: mw.Project, folder: Path) -> None:
    """Answer the rows of a day into the log, and label some of them."""
    version = project.version()
    stream = make_stream("none", windows=1, window_rows=DAY_ROWS, turn=1)
    frame = widened(stream.windows[0].drop(columns=[stream.time]), stream.target, 1)
    labels = frame[stream.target].tolist()
    rows = frame.drop(columns=[stream.target]).to_dict("records")
    log = PredictionLog(folder, version.contract, LogPolicy(), worker=0, key=b"k" * 32)
    for start in range(0, len(rows), BATCH_ROWS):
        given = rows[start : start + BATCH_ROWS]
        answers, _ = version.predict(given)
        for offset, row in enumerate(given):
            number = start + offset
            received = FIRST.timestamp() + number * SECONDS / DAY_ROWS
            log.record(
                request_id=f"{number:032x}",
                route="/predict",
                version=str(version.manifest.version),
                role="champion",
                received=received,
                seconds=0.001,
                records=[row],
                columns=None,
                answers={name: values[offset : offset + 1] for name, values in answers.items()},
            )
            if number % LABELLED == 0:
                log.feedback(f"{number:032x}", 0, labels[number], received + LATE.total_seconds())
        log.flush()
    log.close()
    compact(folder)


def copied(folder: Path, days: int) -> None:
    """Fill a log with copies of its first files, one of each for each day, with the times of that day."""
    for first in sorted(folder.glob(f"*{FIRST:%Y%m%d}*.parquet")):
        table = pq.read_table(first)
        for day in range(1, days):
            later = pc.add(table.column("time"), pa.scalar(timedelta(days=day), pa.duration("us")))
            requests = pc.binary_join_element_wise(table.column("request_id"), f"{day:04}", "-")
            copy = _put(_put(table, "time", later), "request_id", requests)
            name = first.name.replace(f"{FIRST:%Y%m%d}", f"{FIRST + timedelta(days=day):%Y%m%d}")
            pq.write_table(copy, folder / name, compression="zstd")


def _put(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def monitored(project: Path) -> dict[str, float]:
    """Return what a look at the whole log takes, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--look", str(project)], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def look(project: Path) -> dict[str, float]:
    """Monitor the log of a project, and return what that took."""
    before, began, used = _peak_mb(), time.monotonic(), time.process_time()
    found = look_at_log(mw.Project(project))
    seconds = time.monotonic() - began
    seconds_used = time.process_time() - used
    alarmed = sum(bool(w.alarms) for w in found)
    return {
        "rows": sum(w.rows for w in found), "windows": len(found), "alarmed": alarmed,
        "labelled": sum(w.labelled for w in found), "seconds": round(seconds, 1),
        "processor seconds": round(seconds_used, 1), "peak MB": _peak_mb(), "before MB": before,
    }  # fmt: skip


def _peak_mb() -> int:
    """Return the most memory that this process has held since it began (Linux), without what it was forked from."""
    told = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in told.splitlines() if line.startswith("VmHWM"))) // 1024


def main() -> None:
    """Print the figures of both logs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--trials", type=int, default=1)
    parser.add_argument("--look", type=Path, help="Monitor this project alone.")
    asked = parser.parse_args()
    if asked.look is not None:
        print(json.dumps(look(asked.look)))
        return
    with tempfile.TemporaryDirectory(prefix="long-log-") as folder:
        stream, place = make_stream("none"), Path(folder) / "made"
        train = widened(stream.train.drop(columns=[stream.time]), stream.target, 0)
        mw.run(train, target=stream.target, trials=asked.trials, members=1, project=str(place))
        project = mw.Project(place)
        if project.champion is None:
            project.promote(1, why="the log needs a champion")
        first_day(project, place / LOG_FOLDER)
        for rows in (asked.rows // 5, asked.rows):
            copied(place / LOG_FOLDER, rows // DAY_ROWS)
            shutil.rmtree(place / "monitor", ignore_errors=True)
            print(json.dumps(monitored(place)), flush=True)


if __name__ == "__main__":
    main()
