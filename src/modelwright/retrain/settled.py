"""Gates that a comparison with the champion settles, so that they keep no challenger from serving."""

from __future__ import annotations

from modelwright.govern.gates import GATES
from modelwright.govern.waiving import COMPARED

__all__ = ["COMPARED", "EVERY"]

EVERY = frozenset(gate.name for gate in GATES)
"""Of a version that has served: it goes back as by a rollback, and what it passed or was waived was settled then."""
