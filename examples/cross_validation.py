"""The engine as an estimator among others, under scikit-learn's cross-validation.

python examples/cross_validation.py [BUDGET]
"""

from __future__ import annotations

import sys

from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import modelwright as mw


def main(budget: str = "5s") -> None:
    """Print the scores of three folds, beside those of a logistic regression."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    models = {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()),
        f"modelwright, {budget} per fit": mw.Classifier(budget=budget, metric="roc_auc", seed=0),
    }
    for name, model in models.items():
        scores = cross_val_score(model, X, y, cv=3, scoring="roc_auc")
        print(f"{name}: {', '.join(f'{s:.4f}' for s in scores)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
