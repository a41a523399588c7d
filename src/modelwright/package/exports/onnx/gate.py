"""The gate: a graph is run, and answers as its plan does on every row, or nothing is exported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwright.data.columns import Columns, n_rows, take
from modelwright.errors import BundleError, MissingExtra
from modelwright.package.exports.onnx.converting import Converted, convert, member_alone
from modelwright.package.exports.onnx.inputs import feeds
from modelwright.runtime.plan import Plan

__all__ = ["Agreement", "Session", "check_agreement", "differences"]

ROWS_AT_ONCE = 64  # texts are as wide as the longest of them; a long one then costs few rows
SINGLE_ROWS = 5


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What the comparison came to: rows compared, the largest difference, and what was allowed.

    A difference is relative to the answer, or to 1 where answers are smaller (to the largest answer where all are).
    """

    n_rows: int
    max_difference: float
    tolerance: float


class Session:
    """A graph in onnxruntime.

    Raises
    ------
    MissingExtra
        onnxruntime is not installed.
    """

    def __init__(self, converted: Converted) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingExtra("onnxruntime", "onnx", "exporting to ONNX") from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors are raised anyway
        self._converted = converted
        try:
            self._session: Any = onnxruntime.InferenceSession(
                converted.model, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its exceptions derive from nothing closer
            raise _not_run(error) from error

    def __call__(self, columns: Columns) -> np.ndarray:
        """Return what the graph answers for canonical rows, shape (n_rows, n_outputs)."""
        parts = []
        for start in range(0, n_rows(columns), ROWS_AT_ONCE):
            rows = np.arange(start, min(start + ROWS_AT_ONCE, n_rows(columns)))
            try:
                parts += self._session.run(None, feeds(self._converted.inputs, take(columns, rows)))
            except Exception as error:
                raise _not_run(error) from error
        return np.concatenate(parts)


def check_agreement(plan: Plan, converted: Converted, rows: Columns) -> Agreement:
    """Run the graph and compare it with the plan, before calibration, on all rows and on some alone.

    Raises
    ------
    BundleError
        The graph does not run (MW-B602), or answers otherwise (MW-B603); the member that differs most is named.
    """
    session = Session(converted)
    expected = plan.uncalibrated(rows)
    found = differences(session(rows), expected)
    singles = np.linspace(0, len(expected) - 1, SINGLE_ROWS).astype(int)
    alone = np.concatenate([session(take(rows, np.array([i]))) for i in singles])
    worst = float(max(found.max(), differences(alone, expected[singles]).max()))
    if not worst <= converted.tolerance:
        count = int((found > converted.tolerance).sum())
        named = _most(plan, rows) if len(plan.members) > 1 else f"'{plan.members[0].name}'"
        raise BundleError(
            f"the graph and the version differ by up to {worst:.1e} on {count} of {len(expected)} rows "
            f"({converted.tolerance:.0e} is allowed); most: {named}",
            fix="nothing was written; please report this with the version's folder, and serve the version itself",
            code="MW-B603",
        )
    return Agreement(n_rows=len(expected), max_difference=worst, tolerance=converted.tolerance)


def differences(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return the largest difference of each row, infinite where an answer is no number."""
    if got.shape != expected.shape:
        return np.full(max(len(expected), 1), np.inf)
    size = np.abs(expected)
    apart = np.abs(got - expected) / np.maximum(size, min(1.0, float(size.max(initial=0.0)) or 1.0))
    return np.where(np.isfinite(apart), apart, np.inf).max(axis=1)


def _most(plan: Plan, rows: Columns) -> str:
    """Return the member whose own graph differs most, in words."""
    return max(_by_member(plan, rows))[1]


def _by_member(plan: Plan, rows: Columns) -> Iterator[tuple[float, str]]:
    for member in plan.members:
        alone = member_alone(plan, member)
        worst = float(differences(Session(convert(alone))(rows), alone.uncalibrated(rows)).max())
        yield worst, f"'{member.name}', {worst:.1e}"


def _not_run(error: Exception) -> BundleError:
    return BundleError(
        f"onnxruntime does not run the graph: {str(error)[:300]}",
        fix="update onnxruntime; please report this with the version's folder if it stays",
        code="MW-B602",
    )
