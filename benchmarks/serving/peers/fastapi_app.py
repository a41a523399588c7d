"""The pipeline behind FastAPI, validated by a pydantic model. FOLDER in the environment names where it lies."""

from __future__ import annotations

import json
import os
from pathlib import Path

import joblib
import pandas as pd
import sklearn
from fastapi import FastAPI
from pydantic import create_model

FOLDER = Path(os.environ["FOLDER"])
KINDS = json.loads((FOLDER / "kinds.json").read_text())
PIPELINE = joblib.load(FOLDER / "pipeline.joblib")
CLASSES = [str(name) for name in getattr(PIPELINE, "classes_", [])]
NUMBERS = [name for name, kind in KINDS.items() if kind == "float64"]
Row = create_model(
    "Row", **{f"c{i}": (float | None if k == "float64" else str | None, None) for i, k in enumerate(KINDS.values())}
)
for position, (field, name) in enumerate(zip(list(Row.model_fields), KINDS)):
    Row.model_fields[field].alias = Row.model_fields[field].validation_alias = name
    Row.model_fields[field].serialization_alias = name
Row.model_rebuild(force=True)
sklearn.set_config(assume_finite=True)
app = FastAPI()


@app.get("/empty")
async def empty() -> dict:
    return {"status": "ok"}


@app.post("/predict")
async def predict(row: Row) -> dict:
    frame = pd.DataFrame([row.model_dump(by_alias=True)]).astype(KINDS)
    if CLASSES:
        probabilities = PIPELINE.predict_proba(frame)[0]
        return {
            "prediction": CLASSES[int(probabilities.argmax())],
            "probabilities": dict(zip(CLASSES, probabilities.tolist())),
        }
    return {"prediction": float(PIPELINE.predict(frame)[0])}
