"""Accepting what small test projects do not pass, as a person would."""

from __future__ import annotations

from modelwright.govern.waiving import verdict_of, waive
from modelwright.project import Project

REASON = "a test asks for nothing more"


def accept(project: Project, version: int) -> None:
    """Waive every gate that blocks a version."""
    verdict = verdict_of(project, version)
    assert verdict is not None
    for gate in verdict.gates:
        if gate.blocking and not gate.passed:
            waive(project, gate.name, reason=REASON, by="a test", version=version)
