"""The parity gate: the plan that will serve against the libraries that trained it.

What is compared is the plan as loaded back from disk, through its own views, with what each library predicts itself;
on real rows, and on rows made to hurt: values missing, levels never seen, numbers far outside. Where a library's own
prediction is not at hand (the models of folds, or rows made up after training), the member as it left training stands
in, so that at least saving and loading is proved.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Column, Columns, Strings, n_rows, take
from modelwright.data.contract import Contract
from modelwright.errors import BundleError
from modelwright.runtime.plan import Plan
from modelwright.runtime.plan_files import blank_columns
from modelwright.runtime.row import RowPlan, values_of

__all__ = ["TOLERANCE", "Parity", "check_columns", "check_parity", "difference", "hostile_columns", "join"]

TOLERANCE = 1e-6  # invariant 7 of the design: plan, pipeline and handed-over code agree to this
MAX_HOSTILE = 40  # rows of each hostile kind
HOSTILE_SHARE = 0.3  # of the cells of a row that are replaced
SINGLE_ROWS = 8  # rows that are also scored alone
FAR = 1e3  # ranges beyond the range seen
LARGEST = sys.float_info.max  # canonical numbers are finite
NEW_LEVEL = "\u2047 a level never seen \u2047"


@dataclass(frozen=True, kw_only=True)
class Parity:
    """What the comparison came to.

    Attributes
    ----------
    passed : bool
    max_difference : float
        Largest difference of any member or of the whole plan, relative where predictions are above 1.
    tolerance : float
    n_rows, n_hostile : int
        Real rows, and hostile ones, compared.
    members : dict of float
        Largest difference by member.
    native : tuple of str
        Members that were compared with their library's own predictions.
    """

    passed: bool
    max_difference: float
    tolerance: float
    n_rows: int
    n_hostile: int
    members: dict[str, float]
    native: tuple[str, ...]


def check_parity(
    plan: Plan,
    loaded: Plan,
    rows: Columns,
    native: Mapping[str, np.ndarray],
    *,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    compiled: RowPlan | None = None,
) -> Parity:
    """Compare a plan as loaded from disk with the training side.

    Parameters
    ----------
    plan : Plan
        As assembled from what training left.
    loaded : Plan
        The same after saving and loading.
    rows : Columns
        Real canonical rows.
    native : mapping of str to ndarray
        By name of the member, what its library predicts on ``rows``, in the shape of `Scorer.predict`. Members that
        share a name (fold models) cannot be in it.
    seed : int
        For the hostile rows.
    compiled : RowPlan or None
        ``loaded`` for rows alone, where that is made already.

    Raises
    ------
    BundleError
        They differ by more than ``tolerance``, or a prediction is not a finite number (MW-B119).
    """
    hostile = hostile_columns(rows, plan.contract, np.random.default_rng(seed))
    everything = join(rows, hostile)
    real = n_rows(rows)
    expected = _outputs(plan, everything)
    for position, member in enumerate(plan.members):
        if member.name in native:
            expected[position][:real] = native[member.name]
    got = _outputs(loaded, everything)
    members: dict[str, float] = {}
    for member, a, b in zip(plan.members, got, expected, strict=True):
        members[member.name] = max(members.get(member.name, 0.0), difference(a, b))
    # Before calibration: a calibrator with steps would make a large difference of one in the last bit.
    blended = loaded.uncalibrated(everything)
    answered = loaded.predict(everything)
    worst = max(
        *members.values(),
        difference(blended, plan.blend(expected)),
        difference(answered, plan.moved(plan.calibrated(blended), everything)),
        difference(_one_by_one(compiled or RowPlan(loaded), everything), answered[-SINGLE_ROWS:]),
    )
    result = Parity(
        passed=worst <= tolerance,
        max_difference=worst,
        tolerance=tolerance,
        n_rows=real,
        n_hostile=n_rows(hostile),
        members=members,
        native=tuple(sorted({m.name for m in plan.members} & set(native))),
    )
    if not result.passed:
        raise _failed(result)
    return result


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest difference, relative where ``b`` is above 1; infinite where shapes or finiteness differ."""
    if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    return float(np.max(np.abs(a - b) / np.maximum(1.0, np.abs(b)), initial=0.0))


def hostile_columns(rows: Columns, contract: Contract, rng: np.random.Generator) -> Columns:
    """Return canonical rows made to hurt: all missing; and real rows with cells missing, new, or far outside."""
    real = n_rows(rows)
    picked = rng.choice(real, min(real, MAX_HOSTILE), replace=False) if real else np.empty(0, np.intp)
    base = take({name: rows[name] for name in contract.names}, picked)
    kinds = [blank_columns(contract, 1)]
    for damage in (_missing, _unseen):
        kinds.append({name: _damaged(column, damage, rng) for name, column in base.items()})
        kinds.append({name: damage(column, np.ones(len(column), bool), rng) for name, column in base.items()})
    hostile = kinds[0]
    for more in kinds[1:]:
        hostile = join(hostile, more)
    return hostile


def check_columns(rows: Columns, contract: Contract, *, seed: int = 0) -> Columns:
    """Return real rows followed by hostile ones: what a library should predict for the parity gate while it can."""
    return join(rows, hostile_columns(rows, contract, np.random.default_rng(seed)))


def join(first: Columns, second: Columns) -> Columns:
    """Return the rows of both, for the columns of ``second``."""
    return {name: _append(first[name], column) for name, column in second.items()}


def _append(first: Column, second: Column) -> Column:
    if isinstance(first, Strings) and isinstance(second, Strings):
        return Strings.from_values([*first.to_object(), *second.to_object()])
    return np.concatenate([first, second])  # type: ignore[list-item]


def _damaged(column: Column, damage: object, rng: np.random.Generator) -> Column:
    return damage(column, rng.random(len(column)) < HOSTILE_SHARE, rng)  # type: ignore[operator]


def _missing(column: Column, cells: np.ndarray, rng: np.random.Generator) -> Column:
    if isinstance(column, Strings):
        return Strings(np.where(cells, -1, column.codes).astype(np.int32), column.levels)
    return np.where(cells, np.nan, column)


def _unseen(column: Column, cells: np.ndarray, rng: np.random.Generator) -> Column:
    if isinstance(column, Strings):
        levels = np.append(column.levels, np.array([NEW_LEVEL], object))
        return Strings(np.where(cells, len(column.levels), column.codes).astype(np.int32), levels)
    seen = column[np.isfinite(column)]
    with np.errstate(over="ignore"):  # a range may be larger than any number; what comes out is one all the same
        reach = FAR * max(float(np.ptp(seen)), 1.0) if len(seen) else FAR
        far = np.clip(np.nan_to_num(column) + rng.choice([-reach, reach], len(column)), -LARGEST, LARGEST)
    return np.where(cells, far, column)


def _outputs(plan: Plan, rows: Columns) -> list[np.ndarray]:
    """Return what each member predicts: the slow way, each through its own view."""
    return [
        np.array(m.scorer.predict(plan.views[m.view](rows).matrix, threads=1), dtype=np.float64) for m in plan.members
    ]


def _one_by_one(compiled: RowPlan, rows: Columns) -> np.ndarray:
    """Return what the last rows get one at a time, the way they are served."""
    last = range(max(0, n_rows(rows) - SINGLE_ROWS), n_rows(rows))
    return np.array([compiled(values_of(rows, compiled.plan.contract.names, i)) for i in last])


def _failed(result: Parity) -> BundleError:
    worst = max(result.members, key=lambda name: result.members[name])
    return BundleError(
        f"the packaged model and the library that trained it differ by up to {result.max_difference:.1e} on "
        f"{result.n_rows + result.n_hostile} rows ({result.tolerance:.0e} is allowed); most: '{worst}', "
        f"{result.members[worst]:.1e}",
        fix="please report this with the run's folder; leaving that learner out of the run avoids it",
        code="MW-B119",
    )
