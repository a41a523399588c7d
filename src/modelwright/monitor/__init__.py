"""Monitoring: what moved since training, whether it matters, and what to do.

The way of a window of rows: `sources` makes a `Window` of a log, a file or a query → `watching.watch` bins its columns,
compares the bins with the version's reference (`modelwright.package.reference`) and judges → a `Monitoring`. `history`
remembers the evidence between windows, so that it may be looked at every hour.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["Alarm", "History", "Judgement", "Monitoring", "Window", "watch"]

_WHERE = {
    "Alarm": "documents",
    "History": "history",
    "Judgement": "documents",
    "Monitoring": "documents",
    "Window": "windows",
    "watch": "watching",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
