"""Operations of the scoring plan: fitted encoders that need numpy and nothing else.

See `modelwright.runtime.op` for what an operation promises. Adding one means adding a class in this folder and a line
in `OPS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from modelwright.runtime.op import Op
from modelwright.runtime.ops.base import refused

__all__ = ["OPS", "build"]

OPS: dict[str, str] = {
    "numbers": "modelwright.runtime.ops.numbers:Numbers",
    "scaled": "modelwright.runtime.ops.numbers:ScaledNumbers",
    "quantile": "modelwright.runtime.ops.numbers:QuantileNumbers",
    "lookup": "modelwright.runtime.ops.lookup:Lookup",
    "dates": "modelwright.runtime.ops.dates:Dates",
    "pairs": "modelwright.runtime.ops.pairs:PairNumbers",
    "within": "modelwright.runtime.ops.within:WithinLevels",
    "text": "modelwright.runtime.ops.texts:TextTopics",
    "text-statistics": "modelwright.runtime.ops.texts:TextStatistics",
}


def build(settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Op:
    """Make the operation whose `state` is given.

    Raises
    ------
    BundleError
        The operation is unknown to this release, or its state cannot be.
    """
    name = settings.get("op")
    if name not in OPS:
        raise refused(str(name), "this release does not know it")
    module, _, attribute = OPS[name].partition(":")
    return getattr(import_module(module), attribute).build(settings, arrays)
