"""The libraries that scoring a version needs: versions, licences, requirements, bill of materials."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from modelwright import __version__
from modelwright.runtime.plan import Plan

__all__ = [
    "bill_of_materials",
    "complete",
    "licences_of",
    "made_by",
    "requirements",
    "runtime_libraries",
    "serving_libraries",
]

BASE = ("numpy", "msgspec")
BOOSTERS: dict[str, tuple[str, ...]] = {
    "lightgbm": ("lightgbm",),
    "single-sums": ("lightgbm",),
    "xgboost": ("xgboost-cpu", "xgboost"),
    "catboost": ("catboost",),
}
"""By scorer, the distributions that bring its library; the first that is installed counts."""

ALONE = frozenset({"lightgbm", "msgspec", "numpy"})
"""Libraries that score without what their packages ask for: of LightGBM the library file is used and no Python."""

SERVING = ("click", "h11", "httptools", "uvicorn", "uvloop")
"""What the server needs beside them; none of these needs more."""

SIGNATURES = ("cffi", "cryptography", "pycparser")
"""What checking a signature needs."""

SHORT_LICENCE = 60  # characters; a longer field is the licence's text, and the classifiers then name it


def made_by() -> str:
    """Return the release of Modelwright that runs."""
    return __version__


def runtime_libraries(plan: Plan) -> dict[str, str]:
    """Return version by name of the libraries that score this plan, sorted by name."""
    found = {name: metadata.version(name) for name in BASE}
    for member in plan.members:
        for name in BOOSTERS.get(member.scorer.scorer, ()):
            version = _installed(name)
            if version is not None:
                found[name] = version
                break
    return dict(sorted(found.items()))


def licences_of(libraries: Mapping[str, str]) -> dict[str, str]:
    """Return the licence by name of a library, as its own metadata states it."""
    return {name: _licence(name) for name in libraries}


def complete(libraries: Mapping[str, str]) -> bool:
    """Tell whether these libraries score with nothing else installed: XGBoost and CatBoost import SciPy and more."""
    return set(libraries) <= ALONE


def serving_libraries(*, signed: bool = False) -> dict[str, str]:
    """Return version by name, as installed here, of what the server needs beside the libraries that score.

    Parameters
    ----------
    signed : bool
        What checks signatures too.
    """
    names = sorted((*SERVING, *(SIGNATURES if signed else ())))
    return {name: version for name in names if (version := _installed(name)) is not None}


def requirements(libraries: Mapping[str, str]) -> str:
    """Return ``requirements-runtime.txt``: what scoring needs, in the versions it was tested with."""
    alone = " --no-deps" if complete(libraries) else ""
    lines = [
        "# What scoring this version needs, in the versions its answers were recorded with:",
        f"#   pip install{alone} -r requirements-runtime.txt",
        f"#   pip install --no-deps modelwright=={made_by()}",
        "# and to serve it:",
        f"#   pip install --no-deps {' '.join(SERVING)}",
        *(f"{name}=={version}" for name, version in libraries.items()),
    ]
    return "\n".join(lines) + "\n"


def bill_of_materials(libraries: Mapping[str, str], *, name: str, version: int, created: str) -> dict[str, Any]:
    """Return a CycloneDX 1.5 document (https://cyclonedx.org/docs/1.5/json/) of the model and its libraries."""
    parts = {**libraries, "modelwright": made_by()}
    licences = licences_of(parts)
    components = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{library}@{number}",
            "name": library,
            "version": number,
            "purl": f"pkg:pypi/{library}@{number}",
            "licenses": [{"license": {"name": licences[library]}}],
        }
        for library, number in parts.items()
    ]
    model = {"type": "machine-learning-model", "bom-ref": f"{name}@{version}", "name": name, "version": str(version)}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, f"modelwright:{name}:{version}:{created}")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"timestamp": created, "component": model},
        "components": components,
        "dependencies": [{"ref": model["bom-ref"], "dependsOn": [c["bom-ref"] for c in components]}],
    }


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _licence(name: str) -> str:
    about = metadata.metadata(name)
    for field in ("License-Expression", "License"):
        stated = next(iter(about.get_all(field) or ()), None)
        if stated and len(stated) <= SHORT_LICENCE:
            return stated
    classified = [c.rsplit(" :: ", 1)[-1] for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    return classified[0] if classified else "not stated in the library's metadata"
