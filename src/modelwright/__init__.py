"""Modelwright: the machine learning engineer as software.

Public names are resolved when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelwright.api import audit_data, run
    from modelwright.brief import Brief, Limits
    from modelwright.errors import ModelwrightError
    from modelwright.estimators import Classifier, Regressor
    from modelwright.package.bundle import open_version
    from modelwright.project import Project

__version__ = "0.1.0"

_HOMES = {
    "Brief": "modelwright.brief",
    "Classifier": "modelwright.estimators",
    "Limits": "modelwright.brief",
    "ModelwrightError": "modelwright.errors",
    "Project": "modelwright.project",
    "Regressor": "modelwright.estimators",
    "audit_data": "modelwright.api",
    "open_version": "modelwright.package.bundle",
    "run": "modelwright.api",
}

__all__ = [
    "Brief",
    "Classifier",
    "Limits",
    "ModelwrightError",
    "Project",
    "Regressor",
    "audit_data",
    "open_version",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'modelwright' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})
