"""Gates that a comparison with the champion settles, so that they keep no challenger from serving."""

from __future__ import annotations

from modelwright.govern.gates import GATES
from modelwright.govern.gates.baselines import BeatsConstant, BeatsSimpleModels

__all__ = ["COMPARED", "EVERY"]

COMPARED = frozenset({BeatsConstant.name, BeatsSimpleModels.name})
"""Gates that compare with something simpler: a champion that is worse on the same rows passes them even less, and
keeping it would help nobody. The verdict of the run tells them."""

EVERY = frozenset(gate.name for gate in GATES)
"""Of a version that has served: it goes back as by a rollback, and what it passed or was waived was settled then."""
