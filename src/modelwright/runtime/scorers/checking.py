"""Reading the files of a scorer with suspicion.

A version's digests say that its files are the ones that were written; they do not say that whoever wrote them meant
well. So every array is checked for its type, its shape and its range before a model is built from it, and nothing
that could run code (pickled objects) is ever read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from modelwright.errors import BundleError
from modelwright.runtime import storage

__all__ = [
    "classes_in",
    "exponential_in",
    "finite",
    "in_range",
    "model_bytes",
    "model_file",
    "outputs_in",
    "read_arrays",
    "refuse",
    "require",
    "write_arrays",
]

MAX_MODEL_BYTES = 2 << 30  # where FlatBuffers end, which CatBoost's models are
_KINDS = {"f": "real", "i": "whole", "b": "boolean"}


def refuse(what: str) -> NoReturn:
    """Raise the error for a model file that cannot be."""
    raise BundleError(
        f"a model file of the version is malformed: {what}",
        fix="restore the version from where it was made; do not use this copy",
        code="MW-B151",
    )


def require(condition: Any, what: str) -> None:
    """Refuse the file unless the condition holds."""
    if not condition:
        refuse(what)


def model_file(settings: Mapping[str, Any], folder: Path) -> Path:
    """Return the path of the one file of a scorer; a name that leads out of ``folder`` is refused."""
    files = settings.get("files")
    if not isinstance(files, list) or len(files) != 1 or not isinstance(files[0], str):
        refuse("its description names no file")
    name = files[0]
    if not name or name in {".", ".."} or "/" in name or "\\" in name or "\0" in name:
        refuse(f"the file name {name!r} leads out of the version's folder")
    path = Path(folder) / name
    require(path.is_file(), f"{name} is missing")
    return path


def model_bytes(path: Path) -> bytes:
    """Return the content of a model file: read once, so that what is checked is what is used."""
    return storage.read_bytes(path, MAX_MODEL_BYTES)


def classes_in(settings: Mapping[str, Any]) -> int:
    """Return ``n_classes`` of the description: 0 for values, at least 2 for probabilities."""
    n_classes = settings.get("n_classes")
    if not isinstance(n_classes, int) or isinstance(n_classes, bool) or n_classes < 0 or n_classes == 1:
        refuse(f"it states {n_classes!r} classes")
    return n_classes


def exponential_in(settings: Mapping[str, Any]) -> bool:
    """Return whether the sum is the logarithm of the value; descriptions that do not say are older than such models."""
    exponential = settings.get("exponential", False)
    require(isinstance(exponential, bool) and not (exponential and classes_in(settings)), "its sum stands for nothing")
    return exponential


def outputs_in(settings: Mapping[str, Any]) -> int:
    """Return the number of columns the scorer predicts."""
    return max(classes_in(settings), 1)


def write_arrays(folder: Path, name: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Write the arrays of a scorer to ``name`` in ``folder``."""
    storage.write_arrays(Path(folder) / name, arrays)


def read_arrays(
    settings: Mapping[str, Any], folder: Path, expected: Mapping[str, tuple[str, int]]
) -> dict[str, np.ndarray]:
    """Return the arrays of a scorer.

    Parameters
    ----------
    expected : Mapping
        For every array its kind (``"f"`` real, ``"i"`` whole, ``"b"`` boolean) and its number of dimensions.

    Raises
    ------
    BundleError
        The file is missing, is no archive of arrays, or holds other arrays than expected.
    """
    path = model_file(settings, folder)
    arrays = storage.read_arrays(path)
    if set(arrays) != set(expected):
        refuse(f"{path.name} holds the arrays {sorted(arrays)}, not {sorted(expected)}")
    for name, (kind, dimensions) in expected.items():
        array = arrays[name]
        if array.dtype.kind != kind or array.ndim != dimensions:
            refuse(f"'{name}' in {path.name} is no {_KINDS[kind]} array of {dimensions} dimensions")
    return arrays


def finite(name: str, array: np.ndarray) -> np.ndarray:
    """Return the array, refused when a number in it is not finite."""
    require(np.isfinite(array).all(), f"'{name}' holds numbers that are not finite")
    return array


def in_range(name: str, array: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return the array, refused when a number in it is below ``low`` or not below ``high``."""
    require(
        array.size == 0 or (int(array.min()) >= low and int(array.max()) < high), f"'{name}' points outside the model"
    )
    return array
