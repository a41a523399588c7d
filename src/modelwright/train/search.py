"""What to try when the portfolio is through: settings drawn from the families' spaces, where trials have paid most.

Which settings a name stands for depends on the seed and the name alone, so that a resumed run finds its trials again.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np

from modelwright.learners.spaces import draw
from modelwright.train.planning import CostModel, Plan, candidate_of
from modelwright.train.record import Candidate

__all__ = ["Search", "chosen_plan"]

PRIOR_GAIN = 0.003
"""Part of the loss that a drawn candidate of a family is expected to take off before the first was tried."""

DRAWN = "drawn"


class Search:
    """Proposes candidates, one after the other.

    Parameters
    ----------
    families : iterable of str
        Learners of the plan; those without a space are left out.
    seed : int
    """

    def __init__(self, families: Iterable[str], seed: int) -> None:
        from modelwright import learners

        self._families = [f for f in dict.fromkeys(families) if learners.get(f).space]
        self._seed = seed
        self._drawn: dict[str, int] = dict.fromkeys(self._families, 0)
        self._gains: dict[str, list[float]] = {f: [PRIOR_GAIN] for f in self._families}

    def propose(self, cost: CostModel, n_rows: int) -> Candidate | None:
        """Return the next candidate: of the family that gained most a second so far; None where none has a space."""
        best, most = None, -1.0
        for family in self._families:
            candidate = self.candidate(family, self._drawn[family])
            gains = self._gains[family]
            rate = float(np.mean(gains)) / cost.estimate(candidate, n_rows)
            if rate > most:
                best, most = candidate, rate
        if best is not None:
            self._drawn[best.learner] += 1
        return best

    def candidate(self, family: str, number: int) -> Candidate:
        """Return a family's candidate of this number."""
        from modelwright import learners

        name = f"{DRAWN}{number + 1}"
        rng = np.random.default_rng([self._seed, zlib.crc32(family.encode()), number])
        return candidate_of(family, {"name": name, **draw(learners.get(family).space, rng)})

    def resumed(self, keys: Iterable[str]) -> list[Candidate]:
        """Return the candidates of a broken session among the names of its trials, to go on after them."""
        found: dict[str, Candidate] = {}
        for key in keys:
            family, _, name = key.partition("/")
            number = name.removeprefix(DRAWN)
            if family in self._drawn and name.startswith(DRAWN) and number.isdecimal():
                found[key] = self.candidate(family, int(number) - 1)
                self._drawn[family] = max(self._drawn[family], int(number))
        return list(found.values())

    def learn(self, candidate: Candidate, gain: float) -> None:
        """Take note of the part of the ensemble's loss that a drawn candidate took off."""
        if candidate.learner in self._gains:
            self._gains[candidate.learner].append(max(0.0, gain))


def chosen_plan(plan: Plan, keys: Iterable[str], seed: int) -> Plan:
    """Return the plan with the candidates of these keys alone, those among them that a search with this seed has drawn;
    the plan as it is where it has none of them."""
    wanted = tuple(dict.fromkeys(keys))
    drawn = Search((c.learner for c in plan.candidates), seed).resumed(wanted)
    chosen = (*(c for c in plan.candidates if c.key in wanted), *drawn)
    return Plan(chosen, plan.left_out) if chosen else plan
