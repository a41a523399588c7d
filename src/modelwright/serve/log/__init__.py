"""The prediction log: every request and its answer, off the request path, kept as Parquet for monitoring.

The way of a row: `PredictionLog.record` encodes it to a line in memory (after the reply went out) → `flush`, a few
times a second, appends what has come together to the open *segment*, a file of JSON lines → a segment that is closed
(full, old, of another day, or left by a process that died) is turned into Parquet by `compact`, in a process of its own
→ `expire` deletes what is older than the policy says. `read_log` and `read_feedback` read both, at any time, nothing
twice.

What must stay true: the serving process never imports Arrow, never waits for a reader, and holds at most
``LogPolicy.buffer_bytes`` of rows; what was flushed survives ``kill -9``; masked values never reach a file.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "LOG_FOLDER",
    "Compacted",
    "Compactor",
    "LogPolicy",
    "Mode",
    "PredictionLog",
    "Protection",
    "compact",
    "expire",
    "iter_log",
    "log_key",
    "personal_columns",
    "read_feedback",
    "read_labelled",
    "read_log",
]

LOG_FOLDER = "predictions"
"""Where the log lies in the folder of a project, or in one of its own."""

_WHERE = {
    "Compacted": "compacting",
    "Compactor": "spawning",
    "LogPolicy": "policy",
    "Mode": "policy",
    "PredictionLog": "recording",
    "Protection": "policy",
    "compact": "compacting",
    "expire": "expiring",
    "iter_log": "reading",
    "log_key": "secret",
    "personal_columns": "personal",
    "read_feedback": "reading",
    "read_labelled": "reading",
    "read_log": "reading",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
