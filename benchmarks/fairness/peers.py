"""What other tools predict under a fairness constraint; run by an interpreter that has them, see compare.py.

    python peers.py FOLDER TOOL SECONDS LEAST PROTECTED

FOLDER has train.csv and test.csv with the columns target, group and the features, of which PROTECTED is one. TOOL is
one of `TOOLS`; the *blind* one does not read that column. Writes FOLDER/TOOL.csv: the decision about each test row, and
its chance where the tool has one. TOOL *audit* writes FOLDER/audit.csv instead: fairlearn's measures by group of the
decisions in FOLDER/said.csv.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd


def read(folder: Path) -> tuple[pd.DataFrame, pd.Series, pd.Series, pd.DataFrame, pd.Series]:
    """Return training features, target, groups, and test features, groups."""
    train, test = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "test.csv")
    features = [c for c in train.columns if c not in ("target", "group")]
    return train[features], train["target"], train["group"].astype(str), test[features], test["group"].astype(str)


def encoded(train: pd.DataFrame, test: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return both as numbers: categories in the order of their names, as a fit of a tree takes them."""
    columns = []
    for name in train.columns:
        if pd.api.types.is_numeric_dtype(train[name]):
            columns.append((train[name].to_numpy(float), test[name].to_numpy(float)))
            continue
        levels = pd.Index(sorted(train[name].dropna().unique()))
        columns.append(tuple(np.where((at := levels.get_indexer(t[name])) < 0, np.nan, at) for t in (train, test)))
    return np.column_stack([c[0] for c in columns]), np.column_stack([c[1] for c in columns])


def boosted():
    """Return the learner that fairlearn's methods wrap."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=100, max_leaf_nodes=15, learning_rate=0.1, random_state=0)


def blind_reduction(folder: Path, seconds: float, least: float, protected: str) -> pd.DataFrame:
    """The same without the protected column, as ours decide where thresholds by group are not allowed."""
    return reduction(folder, seconds, least, protected, drop=(protected,))


def reduction(folder: Path, seconds: float, least: float, protected: str, drop: tuple[str, ...] = ()) -> pd.DataFrame:
    """fairlearn's exponentiated gradient: an answer drawn at random between several models."""
    from fairlearn.reductions import DemographicParity, ExponentiatedGradient

    x, y, group, test, _ = read(folder)
    own, new = encoded(x.drop(columns=list(drop)), test.drop(columns=list(drop)))
    game = ExponentiatedGradient(boosted(), DemographicParity(ratio_bound=least), max_iter=20)
    game.fit(own, y, sensitive_features=group)
    return pd.DataFrame({"act": game.predict(new, random_state=0)})


def thresholds(folder: Path, seconds: float, least: float, protected: str) -> pd.DataFrame:
    """fairlearn's thresholds by group: full parity (it takes no ratio), an answer drawn at random between two."""
    from fairlearn.postprocessing import ThresholdOptimizer

    x, y, group, test, new_group = read(folder)
    own, new = encoded(x, test)
    fitted = ThresholdOptimizer(
        estimator=boosted(),
        constraints="demographic_parity",
        objective="accuracy_score",
        predict_method="predict_proba",
    )
    fitted.fit(own, y, sensitive_features=group)
    return pd.DataFrame({"act": fitted.predict(new, sensitive_features=new_group, random_state=0)})


def plain(folder: Path, seconds: float, least: float, protected: str) -> pd.DataFrame:
    """The learner that fairlearn's methods wrap, with nothing asked for."""
    x, y, _, test, _ = read(folder)
    own, new = encoded(x, test)
    chance = boosted().fit(own, y).predict_proba(new)[:, 1]
    return pd.DataFrame({"act": (chance >= 0.5).astype(int), "chance": chance})


def audit(folder: Path, seconds: float, least: float, protected: str) -> pd.DataFrame:
    """fairlearn's measures by group; its share of no rows at all, which it takes for 0, is none."""
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import accuracy_score, precision_score

    test, said = pd.read_csv(folder / "test.csv"), pd.read_csv(folder / "said.csv")
    metrics = {
        "event_rate": lambda y, said: float(np.mean(y)),
        "selection_rate": selection_rate,
        "true_positive_rate": lambda y, said: true_positive_rate(y, said) if (y == 1).any() else np.nan,
        "false_positive_rate": lambda y, said: false_positive_rate(y, said) if (y == 0).any() else np.nan,
        "precision": lambda y, said: precision_score(y, said, zero_division=np.nan),
        "accuracy": accuracy_score,
    }
    groups = test["group"].astype(str).rename("group")
    found = MetricFrame(metrics=metrics, y_true=test["target"], y_pred=said["act"], sensitive_features=groups).by_group
    if "chance" in said:
        of_chances = {"observed_over_predicted": lambda y, chance: float(np.sum(y) / np.sum(chance))}
        found = found.join(
            MetricFrame(
                metrics=of_chances, y_true=test["target"], y_pred=said["chance"], sensitive_features=groups
            ).by_group
        )
    return found.reset_index()


def mljar_plain(folder: Path, seconds: float, least: float, protected: str) -> pd.DataFrame:
    """mljar-supervised with nothing asked for."""
    return _mljar(folder, seconds)


def mljar(folder: Path, seconds: float, least: float, protected: str) -> pd.DataFrame:
    """mljar-supervised with its fairness metric, threshold and sample weighting."""
    return _mljar(folder, seconds, fairness_metric="demographic_parity_ratio", fairness_threshold=least)


def _mljar(folder: Path, seconds: float, **asked: object) -> pd.DataFrame:
    from supervised import AutoML

    x, y, group, test, _ = read(folder)
    groups = {"sensitive_features": group.rename("group")} if asked else {}
    with tempfile.TemporaryDirectory() as place:
        found = AutoML(
            results_path=str(Path(place) / "automl"),
            mode="Perform",
            total_time_limit=int(seconds),
            explain_level=0,
            n_jobs=1,
            verbose=0,
            **asked,
        )
        found.fit(x, y, **groups)
        return pd.DataFrame({"act": found.predict(test), "chance": found.predict_proba(test)[:, 1]})


TOOLS = {
    "fairlearn as it was": plain,
    "fairlearn reduction": reduction,
    "fairlearn reduction blind": blind_reduction,
    "fairlearn thresholds": thresholds,
    "mljar as it was": mljar_plain,
    "mljar": mljar,
    "audit": audit,
}


if __name__ == "__main__":
    folder, tool = Path(sys.argv[1]), sys.argv[2]
    TOOLS[tool](folder, float(sys.argv[3]), float(sys.argv[4]), sys.argv[5]).to_csv(folder / f"{tool}.csv", index=False)
