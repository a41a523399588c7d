"""XGBoost models: its own binary JSON (UBJ), its own predictor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from modelwright.runtime.scorers.checking import classes_in, model_bytes, model_file, refuse, require
from modelwright.runtime.scorers.forest import as_float32
from modelwright.runtime.scorers.lightgbm import columns_of
from modelwright.runtime.scorers.xgboost_check import check_ubj

__all__ = ["XgboostScorer"]


class XgboostScorer:
    """A booster, already cut to the rounds that count.

    Parameters
    ----------
    booster : xgboost.Booster
    n_classes : int
        0 for values.
    """

    scorer: ClassVar[str] = "xgboost"

    def __init__(self, booster: Any, n_classes: int) -> None:
        self.booster, self.n_classes = booster, n_classes
        self._threads: int | None = None

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        if threads != self._threads:
            self.booster.set_param({"nthread": threads})
            self._threads = threads
        return columns_of(self.booster.inplace_predict(as_float32(matrix), validate_features=False), self.n_classes)

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        name = f"{stem}.ubj"
        (Path(folder) / name).write_bytes(bytes(self.booster.save_raw("ubj")))
        return {"scorer": self.scorer, "files": [name], "n_classes": self.n_classes}

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> XgboostScorer:
        n_classes = classes_in(settings)
        path = model_file(settings, folder)
        content = model_bytes(path)
        n_features = check_ubj(content, n_classes, path.name)

        import xgboost

        try:
            booster = xgboost.Booster(params={"verbosity": 0})
            booster.load_model(bytearray(content))
            booster.set_param({"nthread": 1})
            one = np.zeros((1, n_features), dtype=np.float32)
            width = np.size(booster.inplace_predict(one, validate_features=False))
        except (xgboost.core.XGBoostError, ValueError, TypeError):
            refuse(f"{path.name} is no XGBoost model")
        require(width == (n_classes if n_classes > 2 else 1), f"{path.name} does not fit the classes")
        return cls(booster, n_classes)
