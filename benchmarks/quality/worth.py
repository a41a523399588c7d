"""What each candidate adds to an ensemble, on average over sets and over the company it finds there.

    python benchmarks/quality/worth.py OUT [OUT...]

Reads what ``records.py`` wrote. For every set candidates join in random orders, the anchors first; what one takes off
the test loss of the ensemble when it joins is its worth there (the mean over orders is its Shapley value among the
first `LONGEST`). Prints the mean over sets by rows, with its standard error, and the seconds of a fit.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ORDERS = 24
LONGEST = 8
"""Candidates that a budget of a minute or two has time for."""

CLIP = 0.2
"""No single set moves a mean by more than this part of its loss."""


def main(words: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", type=Path, nargs="+")
    asked = parser.parse_args(words)
    worth: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    seconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for about in sorted(p for place in asked.places for p in place.glob("*/about.json")):
        size = about.parent.name.rsplit("-", 1)[1]
        for key, (gain, taken) in _of_set(about.parent).items():
            worth[size][key][about.parent.name] = gain
            seconds[size][key].append(taken)
    for size in sorted(worth, key=int):
        print(f"\n| {size} rows | worth, % of the loss | sets | seconds a fit |\n|---|---|---|---|")
        means = {k: np.array(list(v.values())) for k, v in worth[size].items()}
        for key, values in sorted(means.items(), key=lambda item: -item[1].mean()):
            error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
            print(
                f"| {key} | {values.mean():+.2f} ± {error:.2f} | {len(values)} | {np.median(seconds[size][key]):.2f} |"
            )


def _of_set(place: Path) -> dict[str, tuple[float, float]]:
    """Return the worth (per cent of the loss) and the seconds of each candidate on one set."""
    from modelwright.evaluate import metrics
    from modelwright.train.ensemble import greedy_weights
    from modelwright.train.worth import anchors

    about = json.loads((place / "about.json").read_text())
    metric = metrics.get({"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[about["objective"]])
    with np.load(place / "truth.npz") as truth:
        y, y_test = truth["oof"], truth["test"]
    keys, oof, test, taken = [], [], [], []
    for path in sorted(place.glob("*~*.npz")):
        with np.load(path) as record:
            keys.append(path.stem.replace("~", "/"))
            oof.append(record["oof"])
            test.append(record["test"])
            taken.append(float(record["seconds"]))
    predictions, judged = np.stack(oof), np.stack(test)
    first = [keys.index(k) for k in anchors(about["rows"]) if k in keys]
    others = [i for i in range(len(keys)) if i not in first]
    rng = np.random.default_rng(0)
    gains: dict[int, list[float]] = defaultdict(list)

    def loss(members: list[int]) -> float:
        weights = greedy_weights(metric.loss, y, predictions[members])
        return metric.loss(y_test, np.tensordot(weights, judged[members], axes=1))

    for _ in range(ORDERS):
        members = [first[int(rng.integers(len(first)))]] if first else []
        order = [*rng.permutation([i for i in first if i not in members]), *rng.permutation(others)][:LONGEST]
        before = loss(members)
        for i in order:
            members = [*members, int(i)]
            after = loss(members)
            gains[int(i)].append(float(np.clip((before - after) / max(before, 1e-9), -CLIP, CLIP)))
            before = after
    return {keys[i]: (100 * float(np.mean(found)), taken[i]) for i, found in gains.items()}


if __name__ == "__main__":
    main()
