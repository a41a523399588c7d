"""Bare CatBoost: its defaults, its own treatment of categories, early stopping on a fifth of the rows, all cores."""

from __future__ import annotations

import time

from catboost import CatBoostClassifier, CatBoostRegressor, Pool
from sklearn.model_selection import train_test_split
from task import read

SHARE = 0.2
PATIENCE = 50
LEFT = 0.95
"""Of the budget, for growing trees."""

METRICS = {"binary": "AUC", "multiclass": "MultiClass", "regression": "RMSE"}


class Until:
    """Stops after the iteration in which the time is over."""

    def __init__(self, moment: float) -> None:
        self.moment = moment

    def after_iteration(self, _: object) -> bool:
        return time.time() < self.moment


task = read()
train, target, test = task.frames(text="filled")
codes = task.codes(target)
counts = codes.value_counts()
labels = codes if task.objective != "regression" and counts.min() > 1 else None
rows = train_test_split(range(len(train)), test_size=SHARE, random_state=0, stratify=labels)
categories = [c for c in train if train[c].dtype == object or str(train[c].dtype) in ("str", "string")]
fitting, stopping = (Pool(train.iloc[r], codes.iloc[r], cat_features=categories) for r in rows)
kind = CatBoostRegressor if task.objective == "regression" else CatBoostClassifier
model = kind(eval_metric=METRICS[task.objective], thread_count=task.cores, verbose=False, train_dir=str(task.place))
until = Until(task.began + LEFT * task.budget)
model.fit(fitting, eval_set=stopping, early_stopping_rounds=PATIENCE, use_best_model=True, callbacks=[until])
task.fitted()
if task.objective == "regression":
    task.finish(model.predict(test), package="catboost")
else:
    import numpy as np

    chances = np.zeros((len(test), len(task.classes)))
    chances[:, [int(c) for c in model.classes_]] = model.predict_proba(test)
    task.finish(chances, package="catboost")
