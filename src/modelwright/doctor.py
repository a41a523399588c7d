"""What the doctor looks at."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright import __version__

__all__ = ["Check", "examine"]

PYTHON = ((3, 11), (3, 14))
LEAST_MEMORY = 2 * 10**9
LEAST_DISK = 10**9
LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "duckdb", "scikit-learn", "lightgbm", "catboost")
EXTRAS = {"sqlalchemy": "sql", "psycopg": "sql", "polars": "polars"}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing looked at; ``needed`` ones must be ok for Modelwright to work."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    needed: bool = True


def examine() -> tuple[Check, ...]:
    """Return all checks; takes a few seconds because it starts a worker."""
    return (
        Check(name="modelwright", ok=True, found=__version__),
        _python(),
        *(_library(name) for name in LIBRARIES),
        _xgboost(),
        *(_extra(name, extra) for name, extra in EXTRAS.items()),
        _machine(),
        _folder("temporary folder", Path(tempfile.gettempdir())),
        _folder("this folder", Path.cwd()),
        _worker(),
    )


def _python() -> Check:
    low, high = PYTHON
    version = sys.version.split()[0]
    ok = low <= sys.version_info[:2] < high
    return Check(name="python", ok=ok, found=version, fix="use Python 3.11 to 3.13")


def _library(name: str) -> Check:
    try:
        return Check(name=name, ok=True, found=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name=name, ok=False, found="not installed", fix="pip install modelwright")


def _xgboost() -> Check:
    found = {}
    for name in ("xgboost", "xgboost-cpu"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    told = ", ".join(f"{k} {v}" for k, v in found.items()) or "not installed"
    if len(found) == 2:
        fix = "both hold the same module: pip uninstall xgboost xgboost-cpu && pip install xgboost-cpu"
        return Check(name="xgboost", ok=False, found=told, fix=fix)
    return Check(name="xgboost", ok=bool(found), found=told, fix="pip install xgboost-cpu")


def _extra(name: str, extra: str) -> Check:
    ok = importlib.util.find_spec(name) is not None
    found = importlib.metadata.version(name) if ok else "not installed"
    return Check(name=name, ok=ok, found=found, fix=f"pip install 'modelwright[{extra}]' if you need it", needed=False)


def _machine() -> Check:
    from modelwright.engines.local import n_cores
    from modelwright.train.memory import available_bytes

    free = available_bytes()
    return Check(
        name="machine",
        ok=free >= LEAST_MEMORY,
        found=f"{n_cores()} cores, {free / 1e9:.1f} GB memory free",
        fix="free some memory: less than 2 GB is little for training",
    )


def _folder(name: str, path: Path) -> Check:
    free = shutil.disk_usage(path).free
    try:
        with tempfile.TemporaryFile(dir=path) as handle:
            handle.write(b"x")
        writable = True
    except OSError:
        writable = False
    return Check(
        name=name,
        ok=writable and free >= LEAST_DISK,
        found=f"{path}, {free / 1e9:.1f} GB free" + ("" if writable else ", cannot be written"),
        fix="free some disk space or work in another folder",
    )


def _square(state: Any, task: int) -> int:
    return task * task


def _worker() -> Check:
    from modelwright.engines.local import ProcessEngine

    began = time.monotonic()
    engine = ProcessEngine(1)
    try:
        engine.submit(0, _square, 7)
        replies = engine.wait(60)
        ok = bool(replies) and replies[0].result == 49
    finally:
        engine.close()
    found = f"answers after {time.monotonic() - began:.1f} s" if ok else "does not answer"
    return Check(name="worker process", ok=ok, found=found, fix="look whether processes may be started here")
