"""What other tools do on a stream, for `peers.py`: run in an environment of theirs, it knows nothing of Modelwright.

    python peer.py forest STREAM.csv FACTS.json      river's adaptive random forest, a row at a time
    python peer.py drift STREAM.csv FACTS.json       after which windows evidently says that the data drifted

FACTS holds ``target``, ``first`` (rows before the stream), ``delay`` (rows until a label comes), ``windows`` and
``classes`` (empty for values). One line of JSON is printed.
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import numpy as np
import pandas as pd

SUREST = 0.01
"""A forest's probabilities are shares of votes, 0 among them: they are kept off it, in its favour."""

TREES = 10  # river's default
SEED = 0


def forest(frame: pd.DataFrame, facts: dict[str, Any]) -> dict[str, float]:
    """Return the mean loss of the forest, which learns each row when its label has come."""
    from river import forest as forests

    target, first, classes = facts["target"], facts["first"], facts["classes"]
    rows = frame.drop(columns=[target]).to_dict("records")
    y = [str(v) for v in frame[target]] if classes else frame[target].tolist()
    model = (forests.ARFClassifier if classes else forests.ARFRegressor)(n_models=TREES, seed=SEED)
    losses, learned = [], 0
    for place in range(len(rows)):
        due = place if place < first else max(first, place - facts["delay"])
        while learned < due:
            model.learn_one(_known(rows[learned]), y[learned])
            learned += 1
        if place < first:
            continue
        asked = _known(rows[place])
        if classes:
            said = model.predict_proba_one(asked)
            losses.append(-math.log(min(max(said.get(y[place], 0.0), SUREST), 1 - SUREST)))
        else:
            losses.append((model.predict_one(asked) - y[place]) ** 2)
    return {"loss": float(np.mean(losses))}


def _known(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without its missing values: river reads one as a value that there is not."""
    return {k: v for k, v in row.items() if not (isinstance(v, float) and math.isnan(v))}


def drift(frame: pd.DataFrame, facts: dict[str, Any]) -> dict[str, list[int]]:
    """Return the windows after which its preset says that the data drifted since the last training, as they come."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    rows = frame.drop(columns=[facts["target"]])
    reference, found = rows.iloc[: facts["first"]], []
    parts = np.array_split(np.arange(facts["first"], len(rows)), facts["windows"])
    for number, part in enumerate(parts[:-1]):
        told = Report([DataDriftPreset()]).run(rows.iloc[part], reference).dict()
        names = ("metric_name", "metric_id")  # of evidently 0.7.x, by release
        drifted = next(
            m for m in told["metrics"] if any(m.get(n, "").startswith("DriftedColumnsCount") for n in names)
        )["value"]
        if drifted["share"] >= 0.5:  # evidently's own limit for a data set
            found.append(number)
            reference = rows.iloc[: max(facts["first"], int(part[-1]) + 1 - facts["delay"])]
    return {"trained_after": found}


if __name__ == "__main__":
    kind, stream, facts = sys.argv[1:4]
    with open(facts) as told:
        known = json.load(told)
    print(json.dumps({"forest": forest, "drift": drift}[kind](pd.read_csv(stream), known)))
