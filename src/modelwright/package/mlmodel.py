"""The files that make a version folder a model of MLflow, written without MLflow.

``MLmodel`` names `modelwright.package.mlflow_loader`, a module of the installed package: the folder holds no code, and
nothing in it is unpickled (https://mlflow.org/docs/latest/ml/model/#storage-format). The files are text for MLflow
alone: nothing of Modelwright reads them, and a version without them is a version all the same.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import numpy as np

from modelwright.package.manifest import Manifest
from modelwright.runtime.plan import Plan

__all__ = ["LOADER", "mlflow_files"]

LOADER = "modelwright.package.mlflow_loader"
MLFLOW = "3.17.2"
"""The release that the folders are tested with, see ``tests/conformance/test_mlflow.py``."""

ANY = "any"
"""Every input column has this type. The contract reads ints for doubles, texts for numbers and every spelling of
missing, most of which MLflow's own types refuse; so it is left to the contract alone to judge values."""

_NO_ASCII = re.compile(r"[^\x20-\x7e]")


def mlflow_files(manifest: Manifest, plan: Plan) -> dict[str, str]:
    """Return text by name of the files ``MLmodel``, ``python_env.yaml`` and ``requirements.txt``.

    Parameters
    ----------
    manifest : Manifest
        Its list of files is not looked at: these files are going to be on it.
    plan : Plan
    """
    return {
        "MLmodel": _mlmodel(manifest, plan),
        "python_env.yaml": f"python: {_text(manifest.python)}\nbuild_dependencies: []\n"
        "dependencies:\n- -r requirements.txt\n",
        "requirements.txt": _requirements(manifest),
    }


def _mlmodel(manifest: Manifest, plan: Plan) -> str:
    inputs = [{"type": ANY, "name": spec.name, "required": True} for spec in plan.contract.columns]
    told = {
        "made_by": f"Modelwright {manifest.made_by}",
        "version": str(manifest.version),
        "objective": manifest.objective,
        "target": manifest.target,
        "metric": manifest.metric,
        "kinds": json.dumps({spec.name: str(spec.kind) for spec in plan.contract.columns}),
    }
    name = f"modelwright:{manifest.target}:{manifest.version}:{manifest.created}"
    lines = [
        f"mlflow_version: {MLFLOW}",
        f"model_uuid: {uuid.uuid5(uuid.NAMESPACE_URL, name).hex}",
        f"utc_time_created: {_text(manifest.created.removesuffix('Z').replace('T', ' '))}",
        "flavors:",
        "  python_function:",
        f"    loader_module: {LOADER}",
        f"    python_version: {_text(manifest.python)}",
        "    env:",
        "      virtualenv: python_env.yaml",
        "metadata:",
        *(f"  {key}: {_text(value)}" for key, value in told.items()),
        "signature:",
        f"  inputs: {_text(json.dumps(inputs))}",
        f"  outputs: {_text(json.dumps(_outputs(plan)))}",
        "  params: null",
    ]
    return "\n".join(lines) + "\n"


def _outputs(plan: Plan) -> list[dict[str, Any]]:
    """Return the schema of the answers, as the plan gives them for one made-up prediction."""
    answers = plan.answers(np.full((1, plan.n_outputs), 1.0 / plan.n_outputs))
    return [
        {"type": "double" if values.dtype.kind == "f" else "string", "name": name, "required": True}
        for name, values in answers.items()
    ]


def _requirements(manifest: Manifest) -> str:
    lines = [
        "# What MLflow installs to serve this version; scoring alone needs requirements-runtime.txt and no more.",
        f"mlflow>={MLFLOW.rpartition('.')[0]},<4",
        f"modelwright=={manifest.made_by}",
        *(f"{name}=={version}" for name, version in manifest.libraries.items()),
    ]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """Return a double-quoted text of YAML, in ASCII. JSON would write two surrogates where YAML wants one escape."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _NO_ASCII.sub(lambda found: f"\\U{ord(found.group()):08x}", quoted) + '"'
