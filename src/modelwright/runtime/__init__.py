"""The scoring runtime: a version is scored with numpy and the booster it needs, nothing else.

::

    from modelwright.runtime import Plan
    plan = Plan.load(folder)
    plan.answers(plan.predict(columns))

`modelwright.package.bundle.open_version` does the same after checking every digest, and takes raw rows. Names are
resolved late: importing an operation must not import the plan that is made of operations.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["Plan", "PlanMember", "TargetTransform", "ViewPlan"]

_WHERE = {
    "Plan": "modelwright.runtime.plan",
    "PlanMember": "modelwright.runtime.plan",
    "TargetTransform": "modelwright.runtime.transform",
    "ViewPlan": "modelwright.runtime.views",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
