"""The fewest and nearest changes of a row that lead to a wanted answer: greedy steps, then shorter ones.

Step by step the changes that come nearest to the goal are kept and one more column is changed, up to `MOST_CHANGES`
(Wachter, Mittelstadt and Russell 2018 ask for near and few changes; Mothilal, Sharma and Tan 2020 for several that
differ). What reaches the goal is then made as small as it can be: changes are taken back, or moved nearer to the own
value, while the goal stays reached. The model is asked for many rows at once. That nothing is found does not prove that
there is nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from modelwright.data.columns import Columns
from modelwright.explain.rows.goals import Goal
from modelwright.explain.rows.moves import Moves

__all__ = ["MOST_CHANGES", "nearest"]

MOST_CHANGES = 3
"""Columns that may change together: more is no advice that anybody follows."""

KEPT = 8
"""Sets of changes that a further one is added to."""

EACH_COLUMN = 0.05
"""Added to the distance for each column changed, so that of two ways equally far the one with fewer comes first."""

ROUNDS = 10
"""Of making changes smaller; each takes back or shortens at least one."""

State = tuple[int, ...]
"""For each column the position among its moves, 0 for the own value."""


def nearest(
    predict: Callable[[Columns], np.ndarray], moves: Mapping[str, Moves], goal: Goal, most: int
) -> list[tuple[dict[str, int], float]]:
    """Return at most ``most`` ways to the goal, the nearest first: positions of moves by column, and the distance.

    No two change the same columns, and none changes more columns than another that it holds.

    Parameters
    ----------
    predict : callable
        Canonical columns to predictions, shape ``(n_rows, n_outputs)``.
    moves : mapping of str to Moves
        Of every column that the model reads.
    """
    search = _Search(predict, moves, goal)
    kept: list[State] = [(0,) * len(moves)]
    found: dict[frozenset[int], State] = {}
    for _ in range(MOST_CHANGES):
        states = search.one_more(kept)
        if not states:
            break
        reached, progress = search.judged(states)
        for state in _best_by_columns(search, [s for s, there in zip(states, reached) if there]):
            smaller = search.shortened(state)
            columns = _changed(smaller)
            if columns not in found or search.cost(smaller) < search.cost(found[columns]):
                found[columns] = smaller
        if len(_minimal(found)) >= most:
            break
        order = np.argsort(-progress, kind="stable")
        kept = [states[i] for i in order if not reached[i]][:KEPT]
    ways = sorted(_minimal(found), key=search.cost)[:most]
    names = list(moves)
    return [({names[j]: s[j] for j in sorted(_changed(s))}, search.cost(s)) for s in ways]


def _changed(state: State) -> frozenset[int]:
    return frozenset(j for j, at in enumerate(state) if at)


def _minimal(found: Mapping[frozenset[int], State]) -> list[State]:
    """Return the ways that hold no other one."""
    return [state for columns, state in found.items() if not any(other < columns for other in found)]


def _best_by_columns(search: _Search, states: list[State]) -> list[State]:
    """Return the nearest state for each set of columns, the nearest first; as many as are worth shortening."""
    best: dict[frozenset[int], State] = {}
    for state in sorted(states, key=search.cost):
        best.setdefault(_changed(state), state)
    return list(best.values())[:KEPT]


class _Search:
    def __init__(self, predict: Callable[[Columns], np.ndarray], moves: Mapping[str, Moves], goal: Goal) -> None:
        self._predict, self._moves, self._goal = predict, moves, goal
        self._costs = [m.costs for m in moves.values()]

    def cost(self, state: State) -> float:
        """Return how far a state is from the row."""
        return sum(float(c[at]) + EACH_COLUMN for c, at in zip(self._costs, state, strict=True) if at)

    def one_more(self, states: list[State]) -> list[State]:
        """Return every state with one more column changed, each once."""
        found: dict[State, None] = {}
        for state in states:
            for j, costs in enumerate(self._costs):
                if not state[j]:
                    found |= {(*state[:j], at, *state[j + 1 :]): None for at in range(1, len(costs))}
        return list(found)

    def judged(self, states: list[State]) -> tuple[np.ndarray, np.ndarray]:
        """Return which states reach the goal, and how near each comes."""
        chosen = np.array(states, dtype=np.intp)
        columns = {name: moves.column(chosen[:, j]) for j, (name, moves) in enumerate(self._moves.items())}
        prediction = self._predict(columns)
        return self._goal.reached(prediction), self._goal.progress(prediction)

    def shortened(self, state: State) -> State:
        """Return a state as near as can be found by taking back one change at a time, or moving it nearer."""
        for _ in range(ROUNDS):
            nearer = [s for s in self._neighbours(state) if self.cost(s) < self.cost(state)]
            if not nearer:
                return state
            reached, _ = self.judged(nearer)
            there = [s for s, yes in zip(nearer, reached) if yes]
            if not there:
                return state
            state = min(there, key=self.cost)
        return state

    def _neighbours(self, state: State) -> list[State]:
        return [
            (*state[:j], at, *state[j + 1 :])
            for j in _changed(state)
            for at in range(len(self._costs[j]))
            if at != state[j]
        ]
