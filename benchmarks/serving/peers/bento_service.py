"""The pipeline behind BentoML. FOLDER in the environment names where it lies."""

from __future__ import annotations

import json
import os
from pathlib import Path

import bentoml
import joblib
import pandas as pd
import sklearn

FOLDER = Path(os.environ["FOLDER"])
NAN = float("nan")


@bentoml.service(workers=1, metrics={"enabled": False})
class Model:
    def __init__(self) -> None:
        sklearn.set_config(assume_finite=True)
        kinds = json.loads((FOLDER / "kinds.json").read_text())
        self.numbers = [name for name, kind in kinds.items() if kind == "float64"]
        self.pipeline = joblib.load(FOLDER / "pipeline.joblib")
        self.classes = [str(name) for name in getattr(self.pipeline, "classes_", [])]

    @bentoml.api
    async def empty(self) -> dict:
        return {"status": "ok"}

    @bentoml.api
    async def predict(self, row: dict) -> dict:
        row.update({name: NAN for name in self.numbers if row[name] is None})
        frame = pd.DataFrame([row])
        if self.classes:
            probabilities = self.pipeline.predict_proba(frame)[0]
            return {
                "prediction": self.classes[int(probabilities.argmax())],
                "probabilities": dict(zip(self.classes, probabilities.tolist())),
            }
        return {"prediction": float(self.pipeline.predict(frame)[0])}
