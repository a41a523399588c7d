"""CatBoost models: its own binary format, its own predictor, categories as it knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from modelwright.runtime.scorers.catboost_check import check_cbm
from modelwright.runtime.scorers.checking import classes_in, exponential_in, model_bytes, model_file, refuse, require
from modelwright.runtime.scorers.forest import as_float32

__all__ = ["CatboostScorer", "features_data"]


def features_data(matrix: np.ndarray, categorical: Sequence[int]) -> Any:
    """Return the rows as CatBoost's ``FeaturesData``: numbers first, then the level codes as text.

    ``FeaturesData`` needs no pandas and goes through compiled code; a matrix with mixed cells goes cell by cell.
    """
    from catboost import FeaturesData

    chosen = list(categorical)
    numbers = np.delete(matrix, chosen, axis=1) if chosen else matrix
    parts: dict[str, Any] = {}
    if numbers.shape[1]:
        parts["num_feature_data"] = as_float32(numbers)
    if chosen:
        codes = np.nan_to_num(matrix[:, chosen], nan=-1.0, posinf=-1.0, neginf=-1.0).astype(np.int64)
        levels, inverse = np.unique(codes, return_inverse=True)
        words = np.array([b"%d" % level for level in levels], dtype=object)
        parts["cat_feature_data"] = words[inverse.reshape(codes.shape)]
    return FeaturesData(**parts)


class CatboostScorer:
    """A CatBoost model.

    Parameters
    ----------
    model : catboost.CatBoost
    categorical : sequence of int
        Features of the view that hold level codes.
    n_features : int
    n_classes : int
        0 for values.
    exponential : bool
        Whether the trees add up to the logarithm of the value.
    """

    scorer: ClassVar[str] = "catboost"

    def __init__(
        self, model: Any, categorical: Sequence[int], n_features: int, n_classes: int, *, exponential: bool = False
    ) -> None:
        self.model, self.categorical = model, tuple(categorical)
        self.n_features, self.n_classes, self.exponential = n_features, n_classes, exponential

    @property
    def kind(self) -> str:
        """What the library calls the prediction (``prediction_type``)."""
        return "Probability" if self.n_classes else "Exponent" if self.exponential else "RawFormulaVal"

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        if len(matrix) == 0:
            return np.empty((0, max(self.n_classes, 1)))
        rows = features_data(matrix, self.categorical)
        raw = self.model.predict(rows, prediction_type=self.kind, thread_count=threads)
        return np.asarray(raw, dtype=np.float64).reshape(len(matrix), -1)

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        name = f"{stem}.cbm"
        self.model.save_model(str(Path(folder) / name), format="cbm")
        return {
            "scorer": self.scorer,
            "files": [name],
            "n_classes": self.n_classes,
            "n_features": self.n_features,
            "categorical": list(self.categorical),
            "exponential": self.exponential,
        }

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> CatboostScorer:
        n_classes = classes_in(settings)
        n_features, categorical = settings.get("n_features"), settings.get("categorical")
        if not isinstance(n_features, int) or isinstance(n_features, bool) or n_features < 1:
            refuse(f"it states {n_features!r} features")
        if not isinstance(categorical, list) or not all(type(c) is int and 0 <= c < n_features for c in categorical):
            refuse("its categorical features are no features")
        require(len(set(categorical)) == len(categorical), "its categorical features repeat")
        exponential = exponential_in(settings)
        path = model_file(settings, folder)
        content = model_bytes(path)
        check_cbm(content, n_features, categorical, n_classes, path.name)

        import catboost

        try:
            model = catboost.CatBoost()
            model.load_model(blob=content)  # the very bytes that were checked
            scorer = cls(model, categorical, n_features, n_classes, exponential=exponential)
            width = scorer.predict(np.zeros((1, n_features))).shape[1]
        except (catboost.CatBoostError, ValueError, KeyError, TypeError):  # it reads the settings of the training too
            refuse(f"{path.name} is no CatBoost model of {n_features} features")
        require(width == max(n_classes, 1), f"{path.name} does not fit the classes")
        return scorer
