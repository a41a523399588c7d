"""What the doctor looks at: whether the machine, the installation and the job itself work, in a few seconds."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright import __version__
from modelwright.errors import ModelwrightError

__all__ = ["Check", "examine"]

PYTHON = ((3, 11), (3, 14))
LEAST_MEMORY = 2 * 10**9
LEAST_DISK = 10**9
LIBRARIES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "scikit-learn": "sklearn",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "xgboost-cpu": "xgboost",
    "msgspec": "msgspec",
    "jinja2": "jinja2",
}
"""Module by distribution."""

EXTRAS = {"sqlalchemy": "sql", "psycopg": "sql", "polars": "polars"}

MISSING_LIBRARY = {
    "libgomp": "install the OpenMP runtime: apt-get install libgomp1, or dnf install libgomp",
    "libomp": "install the OpenMP runtime: brew install libomp",
}
"""What to do about a system library that a library of ours does not find, by a part of its name."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing looked at; ``needed`` ones must be ok for Modelwright to work."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    needed: bool = True


def examine() -> tuple[Check, ...]:
    """Return all checks; takes a few seconds because it imports every library, starts a worker and trains a model."""
    least = _least_versions()
    return (
        Check(name="modelwright", ok=True, found=__version__),
        _python(),
        *(_library(name, module, least.get(name)) for name, module in LIBRARIES.items()),
        _one_xgboost(),
        *(_extra(name, extra) for name, extra in EXTRAS.items()),
        _machine(),
        _folder("temporary folder", lambda: Path(tempfile.gettempdir())),
        _folder("this folder", Path.cwd),
        _worker(),
        _job(),
    )


def _python() -> Check:
    low, high = PYTHON
    version = sys.version.split()[0]
    ok = low <= sys.version_info[:2] < high
    return Check(name="python", ok=ok, found=version, fix="use Python 3.11 to 3.13")


def _least_versions() -> dict[str, str]:
    """Return the oldest version by library, as the installed package states it."""
    try:
        stated = importlib.metadata.requires("modelwright") or []
    except importlib.metadata.PackageNotFoundError:  # run from the source, without an installation
        return {}
    found = (re.match(r"([\w.-]+)\s*>=\s*([\d.]+)", text) for text in stated if "extra ==" not in text)
    return {m[1].lower(): m[2] for m in found if m is not None}


def _library(name: str, module: str, least: str | None) -> Check:
    """Import a library: one that is installed may still lack a library of the system."""
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        # Another distribution may hold the module, as xgboost does for xgboost-cpu.
        if importlib.util.find_spec(module) is None:
            return Check(name=name, ok=False, found="not installed", fix=f"pip install '{name}'")
        version, least = "of another distribution", None
    try:
        importlib.import_module(module)
    except Exception as error:  # noqa: BLE001 - whatever a library raises when imported is what the doctor looks for
        reason = " ".join(str(error).split())[:200]
        fix = next(
            (f for part, f in MISSING_LIBRARY.items() if part in reason), f"pip install --force-reinstall {name}"
        )
        return Check(name=name, ok=False, found=f"{version}, cannot be imported: {reason}", fix=fix)
    old = least is not None and _numbers(version) < _numbers(least)
    found = f"{version}, older than {least}" if old else version
    return Check(name=name, ok=not old, found=found, fix=f"pip install --upgrade {name}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", version)[:3])


def _one_xgboost() -> Check:
    found = {}
    for name in ("xgboost", "xgboost-cpu"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    told = ", ".join(f"{k} {v}" for k, v in found.items()) or "not installed"
    fix = "both hold the same module: pip uninstall xgboost xgboost-cpu && pip install xgboost-cpu"
    return Check(name="one xgboost only", ok=len(found) < 2, found=told, fix=fix)


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


def _folder(name: str, path: Callable[[], Path]) -> Check:
    fix = "free some disk space or work in another folder"
    try:
        where = path()
        free = shutil.disk_usage(where).free
        with tempfile.TemporaryFile(dir=where) as handle:
            handle.write(b"x")
    except OSError as error:
        return Check(name=name, ok=False, found=f"cannot be written: {error.strerror or error}", fix=fix)
    return Check(name=name, ok=free >= LEAST_DISK, found=f"{where}, {free / 1e9:.1f} GB free", fix=fix)


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


def _job() -> Check:
    """Do the whole job on sixty rows."""
    from modelwright.brief import Brief
    from modelwright.lifecycle import run_lifecycle

    rows = [i * 0.37 % 7 for i in range(60)]
    table = {"x": rows, "kind": ["a", "b", "c"] * 20, "y": [2 * x + i % 3 + i * 0.61 % 0.5 for i, x in enumerate(rows)]}
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="modelwright-") as folder:
            brief = Brief().merged(target="y", trials=1)
            made = run_lifecycle(brief, data=table, project=str(Path(folder) / "doctor"))
            predicted = made.predict(table)["prediction"]
    except (ModelwrightError, OSError, ImportError) as error:
        fix = "set MODELWRIGHT_DEBUG=1, run 'modelwright demo' and report what it says"
        return Check(name="the whole job", ok=False, found=" ".join(str(error).split())[:300], fix=fix)
    found = f"{len(predicted)} rows read, audited, learned, packaged and scored in {time.monotonic() - began:.1f} s"
    return Check(name="the whole job", ok=bool(predicted.notna().all()), found=found)
