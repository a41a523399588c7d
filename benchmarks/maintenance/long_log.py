"""A prediction log of ten million rows, monitored: peak memory and seconds, beside a log of a tenth of that.

    python benchmarks/maintenance/long_log.py [--rows 10000000] [--trials 1]

A small model answers 50,000 generated rows into the log, as a server would; the file is then copied for one day after
another, with its times, until there are so many rows. Each log is monitored by a process of its own, all of it in one
look. Memory is bounded where both peaks are about the same.
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

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from streams import make_stream

import modelwright as mw
from modelwright.monitor.looking import look_at_log
from modelwright.serve.log import LOG_FOLDER, LogPolicy, PredictionLog, compact

DAY_ROWS = 50_000
REQUEST_ROWS = 500
FIRST = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # the file has the day of its writing
SECONDS = 86_000  # of a day, in which its requests come


def first_day(project: mw.Project, folder: Path) -> Path:
    """Return the file of a day of answers, as the log keeps it."""
    version = project.version()
    stream = make_stream("none", windows=1, window_rows=DAY_ROWS, turn=1)
    rows = stream.windows[0].drop(columns=[stream.target, stream.time]).to_dict("records")
    log = PredictionLog(folder, version.contract, LogPolicy(), worker=0, key=b"k" * 32)
    for start in range(0, len(rows), REQUEST_ROWS):
        given = rows[start : start + REQUEST_ROWS]
        answers, _ = version.predict(given)
        log.record(
            request_id=f"r{start}",
            route="/predict",
            version=str(version.manifest.version),
            role="champion",
            received=FIRST.timestamp() + start * SECONDS / DAY_ROWS,
            seconds=0.001,
            records=given,
            columns=None,
            answers=answers,
        )
    log.close()
    compact(folder)
    return next(folder.glob("*.parquet"))


def copied(first: Path, folder: Path, days: int) -> None:
    """Fill a log with copies of its first file, one for each day, with the times of that day."""
    table = pq.read_table(first)
    place, times = table.column_names.index("time"), table.column("time")
    for day in range(1, days):
        later = pc.add(times, pa.scalar(timedelta(days=day), pa.duration("us")))
        name = first.name.replace(f"{FIRST:%Y%m%d}", f"{FIRST + timedelta(days=day):%Y%m%d}")
        pq.write_table(table.set_column(place, "time", later), folder / name)


def monitored(project: Path) -> dict[str, float]:
    """Return what a look at the whole log takes, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--look", str(project)], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def look(project: Path) -> dict[str, float]:
    """Monitor the log of a project, and return what that took."""
    before, began = _peak_mb(), time.monotonic()
    found = look_at_log(mw.Project(project))
    seconds = time.monotonic() - began
    alarmed = sum(bool(w.alarms) for w in found)
    return {
        "rows": sum(w.rows for w in found), "windows": len(found), "alarmed": alarmed,
        "seconds": round(seconds, 1), "peak MB": _peak_mb(), "before MB": before,
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
        train = stream.train.drop(columns=[stream.time])
        mw.run(train, target=stream.target, trials=asked.trials, members=1, project=str(place))
        project = mw.Project(place)
        if project.champion is None:
            project.promote(1, why="the log needs a champion")
        first = first_day(project, place / LOG_FOLDER)
        for rows in (asked.rows // 10, asked.rows):
            copied(first, place / LOG_FOLDER, rows // DAY_ROWS)
            shutil.rmtree(place / "monitor", ignore_errors=True)
            print(json.dumps(monitored(place)), flush=True)


if __name__ == "__main__":
    main()
