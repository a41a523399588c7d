"""Fit the scikit-learn pipeline that a peer serves, as an engineer who cares would write it, in the peer's environment.

    python train.py FOLDER [mlflow]

FOLDER holds ``train.json``; the pipeline goes to ``FOLDER/pipeline.joblib``, or to ``FOLDER/mlflow`` as a model.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import joblib
import lightgbm
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

TREES = 200


def frame_of(path: Path) -> tuple[pd.DataFrame, list, str]:
    """Return rows, target and objective; every number is a float, so that a missing one changes no type."""
    document = json.loads(path.read_text())
    frame = pd.DataFrame(document["columns"])
    numbers = frame.select_dtypes("number").columns
    return frame.astype(dict.fromkeys(numbers, "float64")), document["target"], document["objective"]


def fitted(frame: pd.DataFrame, target: list, objective: str):
    """Return the pipeline: levels as codes, unknown and missing ones as such; numbers as they are."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
    encode = ColumnTransformer(
        [("levels", codes, make_column_selector(dtype_exclude="number"))],
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    settings = {"n_estimators": TREES, "learning_rate": 0.05, "n_jobs": 1, "verbosity": -1}
    if objective == "classify":
        return make_pipeline(encode, lightgbm.LGBMClassifier(**settings)).fit(frame, target)
    return make_pipeline(encode, lightgbm.LGBMRegressor(**settings)).fit(frame, target)


def main() -> None:
    folder = Path(sys.argv[1])
    frame, target, objective = frame_of(folder / "train.json")
    pipeline = fitted(frame, target, objective)
    held, truth, _ = frame_of(folder / "test.json")
    kinds = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    (folder / "kinds.json").write_text(json.dumps(kinds))
    if sys.argv[2:] == ["mlflow"]:
        save_for_mlflow(pipeline, frame, objective, folder / "mlflow")
    else:
        joblib.dump(pipeline, folder / "pipeline.joblib")
    print(json.dumps({"score": float(pipeline.score(held, truth))}))


def save_for_mlflow(pipeline, frame: pd.DataFrame, objective: str, folder: Path) -> None:
    import shutil

    import mlflow

    shutil.rmtree(folder, ignore_errors=True)
    signature = mlflow.models.infer_signature(frame.head(1000), pipeline.predict(frame.head(1000)))
    mlflow.sklearn.save_model(
        pipeline,
        folder,
        signature=signature,
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn", "lightgbm"],
        pyfunc_predict_fn="predict_proba" if objective == "classify" else "predict",
    )


if __name__ == "__main__":
    main()
