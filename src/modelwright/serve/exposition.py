"""Metrics as text that Prometheus reads (exposition format 0.0.4).

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

__all__ = ["CONTENT_TYPE", "Family", "Labels", "histogram", "sample", "written"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Family:
    """What is said of all series with one name: ``kind`` is counter, gauge or histogram."""

    kind: str
    help: str


def written(name: str, family: Family, lines: Iterable[str]) -> list[str]:
    """Return a family with its lines; empty where it has none."""
    found = sorted(lines) if family.kind != "histogram" else list(lines)
    if not found:
        return []
    told = family.help.replace("\\", "\\\\").replace("\n", "\\n")
    return [f"# HELP {name} {told}", f"# TYPE {name} {family.kind}", *found]


def sample(name: str, labels: Labels, value: float) -> str:
    """Return one line."""
    return f"{name}{_labels(labels)} {_number(value)}"


def histogram(name: str, labels: Labels, edges: Sequence[float], numbers: Sequence[float]) -> list[str]:
    """Return the lines of a histogram.

    Parameters
    ----------
    edges : sequence of float
        Upper bounds, strictly ascending, finite.
    numbers : sequence of float
        Counts between the bounds, one more than bounds, and the sum of what was observed.
    """
    counts = list(accumulate(numbers[: len(edges) + 1]))
    lines = [
        sample(f"{name}_bucket", (*labels, ("le", _number(edge))), count)
        for edge, count in zip((*edges, math.inf), counts, strict=True)
    ]
    return [*lines, sample(f"{name}_sum", labels, numbers[-1]), sample(f"{name}_count", labels, counts[-1])]


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value))
