"""Objectives by name. Adding one means adding a folder and a line here."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from modelwright.errors import UsageError

if TYPE_CHECKING:
    from modelwright.objectives.base import Objective

__all__ = ["OBJECTIVES", "get"]

OBJECTIVES: dict[str, str] = {
    "classify": "modelwright.objectives.classify:CLASSIFY",
    "regress": "modelwright.objectives.regress:REGRESS",
}


def get(name: str) -> Objective:
    """Return the objective of that name.

    Raises
    ------
    UsageError
        There is none of that name.
    """
    if name not in OBJECTIVES:
        raise UsageError(
            f"objective '{name}' does not exist", fix=f"use one of: {', '.join(sorted(OBJECTIVES))}", code="MW-U301"
        )
    module, _, attribute = OBJECTIVES[name].partition(":")
    objective: Objective = getattr(importlib.import_module(module), attribute)
    return objective
