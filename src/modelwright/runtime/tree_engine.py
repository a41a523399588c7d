"""LightGBM's predictor, called directly: the library file alone, without the Python package around it.

The package imports SciPy, pandas and scikit-learn where they are installed: 160 MB and more than a second, for what is
two functions of its library. Trees of other libraries come in its text format too, see `modelwright.package.compiling`,
so this is the one engine for trees. A row alone goes through LightGBM's own single-row call and gives the very number
that it gives in a batch.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.errors import BundleError

__all__ = ["TreeEngine", "library_path"]

_FLOAT64, _ROW_MAJOR, _NORMAL, _LEAF_INDEX, _ALL_ROUNDS = (
    1,
    1,
    0,
    2,
    -1,
)  # of LightGBM's C interface (include/LightGBM/c_api.h)
_NAMES = {"darwin": "lib_lightgbm.dylib", "win32": "lib_lightgbm.dll"}
_Callback = ctypes.CFUNCTYPE(None, ctypes.c_char_p)


def library_path() -> Path:
    """Return where LightGBM's library is, without importing the package.

    Raises
    ------
    BundleError
        It is not installed (MW-B160).
    """
    spec = find_spec("lightgbm")
    for place in spec.submodule_search_locations or () if spec is not None else ():
        for folder in ("lib", "bin"):
            path = Path(place) / folder / _NAMES.get(sys.platform, "lib_lightgbm.so")
            if path.is_file():
                return path
    raise BundleError(
        "the version holds trees, and the library that scores them is not installed",
        fix="pip install lightgbm",
        code="MW-B160",
    )


@_Callback
def _say_nothing(text: bytes) -> None:
    """Take what the library would print to the terminal; errors come back as return codes."""


@lru_cache(maxsize=1)
def _library() -> Any:
    library = ctypes.CDLL(str(library_path()))
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    if "lightgbm" not in sys.modules:  # the package has a logger of its own
        library.LGBM_RegisterLogCallback(_say_nothing)
    return library


class _Refused(Exception):
    """LightGBM returned an error."""


def _call(name: str, *arguments: Any) -> None:
    if getattr(_library(), name)(*arguments):
        raise _Refused(_library().LGBM_GetLastError().decode("utf-8", "replace"))


class TreeEngine:
    """A model in LightGBM's text format, ready to score. Any number of threads may use it.

    Parameters
    ----------
    text : str
        Checked by `lightgbm_text.check_text` first: the library trusts what it reads.

    Raises
    ------
    BundleError
        The library does not take the model (MW-B161).
    """

    def __init__(self, text: str) -> None:
        self._handle = ctypes.c_void_p()
        rounds, features, outputs = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        try:
            _call("LGBM_BoosterLoadModelFromString", text.encode(), ctypes.byref(rounds), ctypes.byref(self._handle))
            _call("LGBM_BoosterGetNumFeature", self._handle, ctypes.byref(features))
            _call("LGBM_BoosterGetNumClasses", self._handle, ctypes.byref(outputs))
        except _Refused as error:
            raise BundleError(
                "LightGBM does not take a model of the version",
                fix="restore the version from where it was made; do not use this copy",
                code="MW-B161",
            ) from error
        self.rounds, self.n_features, self.n_outputs = rounds.value, features.value, max(1, outputs.value)

    def __del__(self, _ending: Callable[[], bool] = sys.is_finalizing) -> None:
        # Bound above: when the process ends, the names of this module may be gone before this object is.
        if getattr(self, "_handle", None) and not _ending():
            _library().LGBM_BoosterFree(self._handle)

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Return float64 of shape ``(n_rows, n_outputs)`` for float64 rows of shape ``(n_rows, n_features)``."""
        return self._predict(matrix, np.empty((len(matrix), self.n_outputs)), _NORMAL, threads)

    def leaves(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Return the number of the leaf of each tree that a row falls into, shape ``(n_rows, n_trees)``."""
        out = np.empty((len(matrix), self.rounds * self.n_outputs))
        return self._predict(matrix, out, _LEAF_INDEX, threads).astype(np.intp)

    def _predict(self, matrix: np.ndarray, out: np.ndarray, kind: int, threads: int) -> np.ndarray:
        rows = np.ascontiguousarray(matrix, dtype=np.float64)
        if len(rows) and rows.shape[1] != self.n_features:
            raise ValueError(f"the model has {self.n_features} features, the matrix {rows.shape[1]}")
        if len(rows):
            _call(
                "LGBM_BoosterPredictForMat",
                self._handle,
                ctypes.c_void_p(rows.ctypes.data),
                _FLOAT64,
                ctypes.c_int32(rows.shape[0]),
                ctypes.c_int32(rows.shape[1]),
                _ROW_MAJOR,
                kind,
                0,
                _ALL_ROUNDS,
                b"num_threads=%d" % threads,
                ctypes.byref(ctypes.c_int64()),
                ctypes.c_void_p(out.ctypes.data),
            )
        return out

    def row(self, row: np.ndarray, *, leaves: bool = False) -> Callable[[], np.ndarray]:
        """Return a function that scores what ``row`` holds when it is called, into an array that it uses again.

        Parameters
        ----------
        row : ndarray of float64, shape (n_features,)
            Kept, and read at each call.
        leaves : bool
            Give the numbers of the leaves instead, one per tree.
        """
        return _Row(self, row, leaves=leaves)


class _Row:
    """LightGBM's fast single-row call on one buffer. Not for several threads at once."""

    def __init__(self, engine: TreeEngine, row: np.ndarray, *, leaves: bool) -> None:
        if row.shape != (engine.n_features,) or row.dtype != np.float64 or not row.flags.c_contiguous:
            raise ValueError("a row is a float64 array with one number per feature")
        self._kept = (engine, row)
        self._out = np.empty(engine.n_outputs * (engine.rounds if leaves else 1))
        self._config = ctypes.c_void_p()
        _call(
            "LGBM_BoosterPredictForMatSingleRowFastInit",
            engine._handle,
            _LEAF_INDEX if leaves else _NORMAL,
            0,
            _ALL_ROUNDS,
            _FLOAT64,
            ctypes.c_int32(engine.n_features),
            b"num_threads=1",
            ctypes.byref(self._config),
        )
        self._score = _library().LGBM_BoosterPredictForMatSingleRowFast
        self._length = ctypes.c_int64()
        self._arguments = (
            self._config,
            ctypes.c_void_p(row.ctypes.data),
            ctypes.byref(self._length),
            ctypes.c_void_p(self._out.ctypes.data),
        )

    def __call__(self) -> np.ndarray:
        if self._score(*self._arguments):
            raise _Refused(_library().LGBM_GetLastError().decode("utf-8", "replace"))
        return self._out

    def __del__(self, _ending: Callable[[], bool] = sys.is_finalizing) -> None:
        if getattr(self, "_config", None) and not _ending():
            _library().LGBM_FastConfigFree(self._config)
