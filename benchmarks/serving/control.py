"""What this machine makes of any server: the latency of one that does nothing but use as much processor time as ours.

A tail has two causes, the server and the machine, which takes the processor away for a millisecond now and then and
lets wait whatever came meanwhile. ``control.c`` answers every request with the same words after so much work that it
is as fast as the server beside it when it is asked without a pause. Asked at the same rate, its tail is the machine's.

It is asked once more beside a process that takes the time that nobody else wants (``SCHED_IDLE``) on the client's
processor, as the one does that makes Parquet of the log of ours: on two processors the client is the one who waits.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import servers
from client import compiled
from crowd import Crowd, Order, percentiles, rate

PEAK_SECONDS = 10.0

IN_THE_BACKGROUND = """
import os, sys, time
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
os.sched_setaffinity(0, {int(sys.argv[1])})
while True:
    until = time.perf_counter() + 0.010
    while time.perf_counter() < until:
        pass
    time.sleep(0.060)
"""
"""A seventh of the time: 10 us for each of 14,000 rows a second."""


def control(peak: float, order: Order, place: Path) -> dict[str, float]:
    """Return what a server that does nothing comes to; nothing where there is no compiler.

    Parameters
    ----------
    peak : float
        Requests a second that it is to answer at most.
    order : Order
        As for the server beside it; the port becomes the control's own.
    place : Path
        For its output.
    """
    program = compiled("control")
    if program is None:
        return {}
    idle = _peak(program, 0.0, order, place)
    work = max(0.0, 1e9 / peak - 1e9 / idle)
    reached = _peak(program, work, order, place)
    work = max(0.0, work + 1e9 / peak - 1e9 / reached)  # once more: beside the client, a step takes longer
    p50, p99 = _latency(program, work, order, place, beside=False)
    _, p99_beside = _latency(program, work, order, place, beside=True)
    return {
        "control_peak_per_s": _peak(program, work, order, place),
        "control_work_us": work / 1000,
        "control_p50_us": p50,
        "control_p99_us": p99,
        "control_p99_us_beside_idle_work": p99_beside,
    }


def _latency(program: Path, work_ns: float, order: Order, place: Path, *, beside: bool) -> tuple[float, ...]:
    """Return the medians over windows of p50 and p99, in microseconds."""
    with (
        servers.divided(_server(program, work_ns), place) as (run, core),
        _in_the_background(core) if beside else nullcontext(),
        Crowd(replace(order, port=run.port, core=core)) as crowd,
    ):
        windows = crowd.finish().windows
    found = [percentiles(window["histogram"], (0.5, 0.99)) for window in windows]
    return tuple(statistics.median(column) for column in zip(*found))


@contextmanager
def _in_the_background(core: int) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", IN_THE_BACKGROUND, str(max(core, 0))])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _server(program: Path, work_ns: float) -> servers.Server:
    command = [str(program), "{port}", f"{work_ns:.0f}"]
    return servers.Server(name="control", command=command, path="/", empty=("GET", "/"), ready="/")


def _peak(program: Path, work_ns: float, order: Order, place: Path) -> float:
    with servers.divided(_server(program, work_ns), place) as (run, core):
        found, _ = rate(run.port, order.requests, connections=order.connections, seconds=PEAK_SECONDS, core=core)
    return found
