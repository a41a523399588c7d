"""The pipeline behind FastAPI, validated by a pydantic model. FOLDER in the environment names where it lies."""

from __future__ import annotations

import json
import os
from pathlib import Path

import joblib
import pandas as pd
import sklearn
from fastapi import FastAPI
from pydantic import Field, create_model

FOLDER = Path(os.environ["FOLDER"])
KINDS = json.loads((FOLDER / "kinds.json").read_text())
PIPELINE = joblib.load(FOLDER / "pipeline.joblib")
CLASSES = [str(name) for name in getattr(PIPELINE, "classes_", [])]
NUMBERS = [name for name, kind in KINDS.items() if kind == "float64"]
NAN = float("nan")
TYPES = {"float64": float | None}
Row = create_model(
    "Row",  # names of columns are not always names of Python: they are aliases
    **{f"c{i}": (TYPES.get(kind, str | None), Field(None, alias=name)) for i, (name, kind) in enumerate(KINDS.items())},
)
sklearn.set_config(assume_finite=True)
app = FastAPI()


@app.get("/empty")
async def empty() -> dict:
    return {"status": "ok"}


@app.post("/predict")
async def predict(row: Row) -> dict:
    given = row.model_dump(by_alias=True)
    given.update({name: NAN for name in NUMBERS if given[name] is None})
    frame = pd.DataFrame([given])
    if CLASSES:
        probabilities = PIPELINE.predict_proba(frame)[0]
        return {
            "prediction": CLASSES[int(probabilities.argmax())],
            "probabilities": dict(zip(CLASSES, probabilities.tolist())),
        }
    return {"prediction": float(PIPELINE.predict(frame)[0])}
