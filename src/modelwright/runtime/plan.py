"""The scoring plan: everything fitted, in declarative form, and how it scores one row or ten million.

The way of a row: canonical columns → the views (operations, each writing its part of a matrix) → the members (each a
fitted model with a weight, reading one view) → the weighted mean of their predictions → the calibrator → the odds of
groups of people, where a brief asks for thresholds by group → the answer.
A plan needs numpy, and the booster of those members that have one. `modelwright.runtime.plan_files` keeps it on disk.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.contract import Contract
from modelwright.errors import BundleError, ContractError
from modelwright.runtime.answers import ANSWERS, WITH_CLASSES
from modelwright.runtime.calibrators import Calibrator
from modelwright.runtime.decisions import DECISION, Decision
from modelwright.runtime.group_odds import GroupOdds
from modelwright.runtime.scorer import Scorer
from modelwright.runtime.transform import IDENTITY, TargetTransform
from modelwright.runtime.views import ViewPlan

__all__ = ["Plan", "PlanMember"]

WEIGHT_TOLERANCE = 1e-9  # weights are counts divided by their sum: rounding is all that may be missing
CHUNK_BYTES = 32 << 20  # of the widest matrix; beyond the caches a larger chunk is no faster
CHUNK_ROWS = (1 << 10, 1 << 16)  # fewer waste calls, more waste memory in boosters
FIX = "restore the version from where it was made, or package the model again"


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanMember:
    """A fitted model in the plan.

    Attributes
    ----------
    name : str
        Key of its candidate; the fold models of one candidate share it.
    view : str
        Which view it reads.
    scorer : Scorer
    weight : float
        Its share, 0 < weight ≤ 1.
    """

    name: str
    view: str
    scorer: Scorer
    weight: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """A fitted pipeline that scores. Immutable; any number of threads may predict with it at once.

    Attributes
    ----------
    contract : Contract
        The columns that scoring reads, no others.
    objective : str
        Name in `modelwright.runtime.answers.ANSWERS`.
    classes : tuple of str
        Class names by number; empty for values.
    views : dict of ViewPlan
        By key; several members may read one view.
    members : tuple of PlanMember
        Weights sum to 1.
    transform : TargetTransform
        Undone on what members answer, before they are averaged. For values only.
    calibrator : Calibrator or None
        Applied to the average.
    threshold : float or None
        For two classes: the event is predicted from this probability upwards.
    decision : Decision or None
        For values and more classes: what to do, under the payoff that was given; see `modelwright.runtime.decisions`.
    by_group : GroupOdds or None
        For two classes: thresholds of groups of people, applied after the calibrator.

    Raises
    ------
    BundleError
        Parts that cannot belong together (MW-B112 … MW-B117).
    """

    contract: Contract
    objective: str
    classes: tuple[str, ...]
    views: Mapping[str, ViewPlan]
    members: tuple[PlanMember, ...]
    transform: TargetTransform = IDENTITY
    calibrator: Calibrator | None = None
    threshold: float | None = None
    decision: Decision | None = None
    by_group: GroupOdds | None = None

    def __post_init__(self) -> None:
        _check_objective(self)
        _check_columns(self)
        _check_members(self)

    @property
    def n_outputs(self) -> int:
        """Columns of a prediction: the number of classes, or 1."""
        return len(self.classes) or 1

    @cached_property
    def chunk_rows(self) -> int:
        """Rows scored at once, so that memory stays the same however many rows come."""
        widest = max(len(view.names) for view in self.views.values())
        return int(np.clip(CHUNK_BYTES // (8 * max(widest, 1)), *CHUNK_ROWS))

    def predict(self, columns: Columns, *, threads: int = 1) -> np.ndarray:
        """Return predictions, float64 of shape ``(n_rows, n_outputs)``: class probabilities or values.

        Parameters
        ----------
        columns : Columns
            Canonical rows; columns that the plan does not read are ignored.
        threads : int
            For the boosters.

        Raises
        ------
        ContractError
            A column that the plan reads is not there (MW-C101).
        """
        return self.moved(self.calibrated(self.uncalibrated(columns, threads=threads)), columns)

    def uncalibrated(self, columns: Columns, *, threads: int = 1) -> np.ndarray:
        """Return the weighted mean of the members, before calibration; see `predict`."""
        missing = [name for name in self.contract.names if name not in columns]
        if missing:
            raise ContractError(
                f"{len(missing)} column{'s' * (len(missing) > 1)} that the model reads are not there: "
                + ", ".join(f"'{name}'" for name in missing[:5]),
                fix="make the rows canonical with the contract of the version first",
                code="MW-C101",
            )
        rows = len(columns[self.contract.names[0]])
        if rows <= self.chunk_rows:
            return self._blend(columns, rows, threads)
        prediction = np.empty((rows, self.n_outputs))
        for start in range(0, rows, self.chunk_rows):
            stop = min(start + self.chunk_rows, rows)
            part = {name: _part(columns[name], start, stop) for name in self.contract.names}
            prediction[start:stop] = self._blend(part, stop - start, threads)
        return prediction

    def calibrated(self, prediction: np.ndarray) -> np.ndarray:
        """Return what the calibrator makes of a prediction, if there is one; same shape."""
        return prediction if self.calibrator is None else self.calibrator(prediction)

    def moved(self, prediction: np.ndarray, columns: Columns) -> np.ndarray:
        """Return a calibrated prediction with the odds of groups of people moved, where they are; same shape."""
        return prediction if self.by_group is None else self.by_group(prediction, columns)

    def answers(self, prediction: np.ndarray) -> dict[str, np.ndarray]:
        """Return the columns a user gets, see `modelwright.runtime.answers`."""
        answers = ANSWERS[self.objective](prediction, self.classes, self.threshold)
        if self.decision is not None:
            answers[DECISION] = self.decision(prediction, self.classes)
        return answers

    def blend(self, outputs: Sequence[np.ndarray]) -> np.ndarray:
        """Return the weighted mean of what each member answered, in the order of the members, in the target's unit.

        Raises
        ------
        BundleError
            A member answers other than ``n_outputs`` numbers per row (MW-B116).
        """
        total = np.zeros((len(outputs[0]), self.n_outputs))
        for member, output in zip(self.members, outputs, strict=True):
            if output.shape != total.shape:
                raise _wrong(
                    f"the model '{member.name}' answers {output.shape[1:]} numbers per row, expected {total.shape[1:]}",
                    "MW-B116",
                )
            total += member.weight * (output if self.transform.plain else self.transform.inverse(output))
        return total

    def save(self, folder: Path) -> tuple[str, ...]:
        """Write the plan into an empty folder; return the names of the files, see `plan_files.save_plan`."""
        from modelwright.runtime.plan_files import save_plan

        return save_plan(self, folder)

    @classmethod
    def load(cls, folder: Path) -> Plan:
        """Load what `save` wrote, see `plan_files.load_plan`."""
        from modelwright.runtime.plan_files import load_plan

        return load_plan(folder)

    @cached_property
    def _readers(self) -> dict[str, list[int]]:
        """Positions of the members that read each view."""
        readers: dict[str, list[int]] = {key: [] for key in self.views}
        for position, member in enumerate(self.members):
            readers[member.view].append(position)
        return readers

    def _blend(self, columns: Columns, rows: int, threads: int) -> np.ndarray:
        if rows == 0:
            return np.empty((0, self.n_outputs))
        outputs: list[np.ndarray] = [np.empty(0)] * len(self.members)
        for key, view in self.views.items():  # one matrix at a time
            matrix = view(columns).matrix
            for position in self._readers[key]:
                outputs[position] = self.members[position].scorer.predict(matrix, threads=threads)
        return self.blend(outputs)


def _part(column: Column, start: int, stop: int) -> Column:
    """Return some rows of a column. Operations look at every level of a column of text, so levels that these rows do
    not use are left out where there are many: a column of ids would cost its whole dictionary in each chunk."""
    if not isinstance(column, Strings):
        return column[start:stop]
    codes = column.codes[start:stop]
    if len(column.levels) <= stop - start:
        return Strings(codes, column.levels)
    used, inverse = np.unique(codes, return_inverse=True)
    absent = int(len(used) > 0 and used[0] < 0)
    return Strings((inverse.reshape(codes.shape) - absent).astype(np.int32), column.levels[used[absent:]])


def _check_objective(plan: Plan) -> None:
    if plan.objective not in ANSWERS:
        raise _wrong(f"the objective '{plan.objective}' is unknown to this release", "MW-B113")
    if (plan.objective in WITH_CLASSES) != bool(plan.classes):
        raise _wrong("class names are for classification, and needed there", "MW-B117")
    if len(set(plan.classes)) < len(plan.classes) or len(plan.classes) == 1:
        raise _wrong("class names are not at least two different ones", "MW-B117")
    if plan.classes and not plan.transform.plain:
        raise _wrong("probabilities have no transform of the target", "MW-B117")
    if plan.threshold is not None and not (len(plan.classes) == 2 and 0 <= plan.threshold <= 1):
        raise _wrong("a threshold is a probability, and for two classes", "MW-B117")
    if plan.decision is not None and not plan.decision.fits(len(plan.classes)):
        raise _wrong("the decision is not one about what it predicts", "MW-B117")
    if plan.by_group is not None and len(plan.classes) != 2:
        raise _wrong("thresholds by group are for two classes", "MW-B117")


def _check_columns(plan: Plan) -> None:
    names = plan.contract.names
    if not names or len(set(names)) < len(names):
        raise _wrong("the contract has no columns, or one of them twice", "MW-B115")
    read = {name for view in plan.views.values() for name in view.inputs}
    read |= set() if plan.by_group is None else set(plan.by_group.columns)
    if read != set(names):
        odd = sorted(read ^ set(names))
        raise _wrong(f"the views do not read the columns of the contract: they differ in '{odd[0]}'", "MW-B115")
    for cut in () if plan.by_group is None else plan.by_group.cuts:
        if plan.contract[cut.column].kind.numeric == bool(cut.levels):  # a row would get another group than a file
            raise _wrong(f"groups of '{cut.column}' are not of its kind", "MW-B115")


def _check_members(plan: Plan) -> None:
    weights = [member.weight for member in plan.members]
    if not all(math.isfinite(w) and 0 < w <= 1 + WEIGHT_TOLERANCE for w in weights):
        raise _wrong("a weight is not between 0 and 1", "MW-B114")
    if abs(math.fsum(weights) - 1) > WEIGHT_TOLERANCE:
        raise _wrong(f"the weights of {len(weights)} members sum to {math.fsum(weights):.6g}, not to 1", "MW-B114")
    if {member.view for member in plan.members} != set(plan.views):
        raise _wrong("members and views do not match", "MW-B115")


def _wrong(what: str, code: str) -> BundleError:
    return BundleError(f"the scoring plan cannot be used: {what}", fix=FIX, code=code)
