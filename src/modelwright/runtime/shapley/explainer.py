"""What each column does to what a plan answers: member by member, then through links, weights and calibration.

Each member is explained on the scale on which it adds up - the log odds of boosted trees and logistic models, the mean
of the leaves of forests, values - by what is exact for it: `trees` or `sums`; `orders` where neither reads it. From
there `links.passed_on` carries effects to what the member answers; weights add them up; and once more to what the
calibrator makes of the mean. At every step they add up to the whole difference, so they do in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from modelwright.data.columns import Columns, n_rows, take
from modelwright.runtime.group_odds import GroupOdds, moved
from modelwright.runtime.plan import Plan, PlanMember
from modelwright.runtime.scorers.linear import LinearScorer
from modelwright.runtime.shapley.links import LINKS, passed_on
from modelwright.runtime.shapley.mixed import Group, Mixed, same, side_by_side
from modelwright.runtime.shapley.orders import ORDERS, effects_by_asking, exact_by_asking
from modelwright.runtime.shapley.reading import forest_of
from modelwright.runtime.shapley.sums import LinearEffects
from modelwright.runtime.shapley.trees import TreeEffects

__all__ = ["Attribution", "Explainer"]

CELLS = 4 << 20
"""Values in memory at once: 32 MB."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Attribution:
    """Effects of the columns of some rows on every output.

    Attributes
    ----------
    effects : ndarray of float64, shape (n_rows, n_columns, n_outputs)
        In the unit of the answer; they add up to ``outcome - typical``.
    outcome : ndarray of float64, shape (n_rows, n_outputs)
        What the plan predicts.
    typical : ndarray of float64, shape (1, n_outputs)
        What it predicts for the reference.
    exact : ndarray of bool, shape (n_rows,)
        Whether the members' effects are exact Shapley values; else those of some are over drawn orders.
    agreement : ndarray of float64, shape (n_rows, n_columns, n_outputs)
        The weight of the members in which the effect has the sign that it has in all together, 0 to 1; members are
        other learners, folds and seeds. 1 where a column has no effect in any.
    """

    effects: np.ndarray
    outcome: np.ndarray
    typical: np.ndarray
    exact: np.ndarray
    agreement: np.ndarray


class _Typical(NamedTuple):
    """What the plan makes of the reference: its matrix in each view, the answer, the mean of the members, and of each
    member what it answers in the target's unit and the sums behind it, None where it is asked."""

    matrices: dict[str, np.ndarray]
    answer: np.ndarray
    mean: np.ndarray
    outputs: tuple[np.ndarray, ...]
    sums: tuple[np.ndarray | None, ...]


class Explainer:
    """Explains a plan against one reference row; any number of threads may use it.

    Parameters
    ----------
    plan : Plan
    reference : Columns
        One canonical row.
    """

    def __init__(self, plan: Plan, reference: Columns) -> None:
        self.plan, self.columns = plan, plan.contract.names
        self._reference = {name: reference[name] for name in self.columns}

    def __call__(self, columns: Columns, *, threads: int = 1) -> Attribution:
        """Return what each column does to the predictions of canonical rows."""
        rows = n_rows(columns)
        own = {name: columns[name] for name in self.columns}
        step = max(1, CELLS // self.cells_per_row)
        parts = [
            self._explain(take(own, np.arange(start, min(start + step, rows))), threads)
            for start in range(0, max(rows, 1), step)
        ]
        effects, outcome, exact, agreement = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Attribution(
            effects=effects, outcome=outcome, typical=self._typical.answer, exact=exact, agreement=agreement
        )

    @cached_property
    def _members(self) -> tuple[TreeEffects | LinearEffects | None, ...]:
        """What explains each member exactly; None where it has to be asked."""
        return tuple(self._exact(member) for member in self.plan.members)

    def _exact(self, member: PlanMember) -> TreeEffects | LinearEffects | None:
        view = self.plan.views[member.view]
        if isinstance(member.scorer, LinearScorer):
            linear = LinearEffects(member.scorer, view, self.columns)
            return linear if linear.possible else None
        forest = forest_of(member.scorer)
        trees = None if forest is None else TreeEffects(forest, view, self.columns)
        return trees if trees is not None and trees.possible else None

    @cached_property
    def _groups(self) -> dict[str, tuple[Group, ...]]:
        """Groups of several columns that members ask about together, by view."""
        found: dict[str, set[Group]] = {key: set() for key in self.plan.views}
        for member, exact in zip(self.plan.members, self._members, strict=True):
            if exact is not None:
                found[member.view] |= {g for g in exact.groups if len(g) > 1}
        return {key: tuple(sorted(groups)) for key, groups in found.items()}

    @cached_property
    def cells_per_row(self) -> int:
        """Values that explaining one row holds at a time: matrices, answers to questions, paths, what is asked."""
        columns, most = len(self.columns), 1
        for member, exact in zip(self.plan.members, self._members, strict=True):
            width = len(self.plan.views[member.view].names)
            if exact is None:
                most = max(most, ORDERS * (columns + 1) * max(columns, width))
            else:
                between = sum(1 << len(g) for g in self._groups[member.view])
                most = max(most, exact.cells, width * (1 + between))
        return most

    @cached_property
    def _typical(self) -> _Typical:
        matrices = {key: view(self._reference).matrix for key, view in self.plan.views.items()}
        outputs = [self._in_unit(m.scorer.predict(matrices[m.view])) for m in self.plan.members]
        sums = [
            None if exact is None else exact.sums(matrices[m.view])
            for m, exact in zip(self.plan.members, self._members, strict=True)
        ]
        mean = self._mean(outputs)
        answer = self.plan.moved(self.plan.calibrated(mean), self._reference)
        return _Typical(matrices, answer, mean, tuple(outputs), tuple(sums))

    def _in_unit(self, output: np.ndarray) -> np.ndarray:
        return output if self.plan.transform.plain else self.plan.transform.inverse(output)

    def _mean(self, outputs: Sequence[np.ndarray]) -> np.ndarray:
        total = np.zeros(outputs[0].shape)
        for member, output in zip(self.plan.members, outputs, strict=True):
            total += member.weight * output
        return total

    def _explain(self, columns: Columns, threads: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        own, base = side_by_side(self._reference, columns)
        differs = np.column_stack([~same(own[name], base[name]) for name in self.columns])
        known = self._typical.matrices
        mixed = {k: Mixed(view, self._groups[k], own, base, known[k]) for k, view in self.plan.views.items()}
        total = np.zeros((*differs.shape, self.plan.n_outputs))
        against = np.zeros((2, *total.shape))  # the weight of members with no effect above 0, and with none below
        exact = np.ones(len(differs), dtype=bool)
        outputs = []
        for number, member in enumerate(self.plan.members):
            at, explained = mixed[member.view], self._members[number]
            after = self._in_unit(member.scorer.predict(at.own, threads=threads))
            outputs.append(after)
            if explained is None:
                effects = self._asked(member, own, base, differs, threads)
                exact &= exact_by_asking(differs)
            else:
                effects = self._through(number, explained.effects(at), explained.link, after)
            total += member.weight * effects
            against[0] += member.weight * (effects <= 0.0)
            against[1] += member.weight * (effects >= 0.0)
        mean = self._mean(outputs)
        outcome = self.plan.calibrated(mean)
        if self.plan.calibrator is not None:
            total = self._calibrated(total, mean, outcome)
        if self.plan.by_group is not None:
            total, outcome = self._moved(self.plan.by_group, total, outcome, own, differs)
        total[~differs] = 0.0  # what several of its features did cancels out but for rounding
        agreement = 1.0 - np.where(total > 0.0, against[0], np.where(total < 0.0, against[1], 0.0))
        return total, outcome, exact, np.clip(agreement, 0.0, 1.0)

    def _through(self, number: int, effects: np.ndarray, link: str, after: np.ndarray) -> np.ndarray:
        """Return the effects on what a member answers, in the target's unit, given those on its sums."""
        if link == "identity" and self.plan.transform.plain:
            return effects
        before, sums = self._typical.outputs[number], self._typical.sums[number]
        assert sums is not None
        high = sums + effects.sum(axis=1)
        low = np.broadcast_to(sums, high.shape)
        return passed_on(effects, low, high, lambda s: self._in_unit(LINKS[link](s)), before, after)

    def _calibrated(self, effects: np.ndarray, mean: np.ndarray, outcome: np.ndarray) -> np.ndarray:
        """Return the effects on what the calibrator makes of the mean."""
        typical = self.plan.calibrated(self._typical.mean)
        low = np.broadcast_to(self._typical.mean, mean.shape)
        if self.plan.n_outputs != 2:
            return passed_on(effects, low, mean, self.plan.calibrated, typical, outcome)

        def of_event(event: np.ndarray) -> np.ndarray:
            inside = np.clip(event, 0.0, 1.0)
            return self.plan.calibrated(np.column_stack([1.0 - inside, inside]))[:, 1:]

        # Of two classes one number says all, and is scaled by the ratio.
        found = passed_on(effects[:, :, 1:], low[:, 1:], mean[:, 1:], of_event, typical[:, 1:], outcome[:, 1:])
        return np.concatenate([-found, found], axis=2)

    def _moved(
        self, odds: GroupOdds, effects: np.ndarray, outcome: np.ndarray, own: Columns, differs: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the effects on the chance with its odds moved, and that chance.

        The effects are scaled by what moving does between the typical chance and the row's, which is exact: it is a
        ratio of two lines. What the group itself does to the typical chance belongs to the columns that make it.
        """
        base, factor = self.plan.calibrated(self._typical.mean)[:, 1], odds.factor(own)
        event = outcome[:, 1]
        scale = factor / ((event * factor + 1.0 - event) * (base * factor + 1.0 - base))
        found = effects[:, :, 1] * scale[:, None]
        mine = np.array([name in odds.columns for name in self.columns]) & differs
        alone = moved(base, factor) - moved(base, odds.factor(self._reference))
        found += mine * (alone / np.maximum(mine.sum(axis=1), 1))[:, None]
        after = moved(event, factor)
        return np.stack([-found, found], axis=2), np.column_stack([1.0 - after, after])

    def _asked(self, member: PlanMember, own: Columns, base: Columns, differs: np.ndarray, threads: int) -> np.ndarray:
        """Return the effects on what a member answers, by asking it."""
        view = self.plan.views[member.view]
        read = np.array([name in view.inputs for name in self.columns])

        def predict(columns: Columns) -> np.ndarray:
            return self._in_unit(member.scorer.predict(view(columns).matrix, threads=threads))

        return effects_by_asking(predict, own, base, differs & read)
