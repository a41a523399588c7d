"""Is the calibration error that is stated the true one, and does its interval hold it?

    python benchmarks/uncertainty/calibration.py [--draws 100] [--rows 500,2000]

Worlds are generated: chances are drawn, outcomes from them, and stated are chances whose log odds (for four classes,
logarithms) are multiplied and shifted. The true error is the mean distance of stated and true chance, of the event or
of the likeliest class, on 400,000 rows in 200 bins. Beside ours, the reference: the plain expected calibration error
over ten bins of equal size (Guo et al. 2017) with the percentile interval of 200 bootstrap samples of the rows.
"""

from __future__ import annotations

import argparse

import numpy as np

from modelwright.evaluate.calibration import calibration_error

WORLDS = {"honest": (1.0, 0.0), "too sure": (1.6, 0.0), "much too sure": (2.5, 0.0), "too timid": (0.5, 0.0)} | {
    "too high": (1.0, 0.7)
}
TRUTH_ROWS, TRUTH_BINS = 400_000, 200
BINS, SAMPLES = 10, 200


Drawn = tuple[np.ndarray, np.ndarray, np.ndarray]


def drawn(classes: int, slope: float, offset: float, n: int, rng: np.random.Generator) -> Drawn:
    """Return class numbers, and the chances that are stated and that are true, shape ``(n_rows, n_classes)``."""
    scores = rng.normal(0, 1.3, (n, classes))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1).astype(float)
    told = slope * scores
    told[:, 1] += offset
    return y, chances(told), chances(scores)


def chances(scores: np.ndarray) -> np.ndarray:
    """Return the softmax of scores."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def stated(y: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what is stated of the event or the likeliest class, and whether it came."""
    if prediction.shape[1] == 2:
        return prediction[:, 1], (y == 1).astype(float)
    return prediction.max(axis=1), (prediction.argmax(axis=1) == y).astype(float)


def plain(told: np.ndarray, came: np.ndarray, bins: int) -> float:
    """Return the plain expected calibration error over bins of equal size."""
    parts = np.array_split(np.argsort(told, kind="stable"), bins)
    return float(sum(len(p) * abs(came[p].mean() - told[p].mean()) for p in parts if len(p)) / len(told))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--rows", default="500,2000")
    asked = parser.parse_args()
    print("| classes | world | rows | true | ours | interval holds | plain | its interval holds |")
    print("|---|---|---|---|---|---|---|---|")
    totals = np.zeros(3)
    for classes in (2, 4):
        for name, (slope, offset) in WORLDS.items():
            _, prediction, true = drawn(classes, slope, offset, TRUTH_ROWS, np.random.default_rng(1))
            likeliest = np.ones(TRUTH_ROWS, int) if classes == 2 else prediction.argmax(axis=1)
            each = np.arange(TRUTH_ROWS)
            truth = plain(prediction[each, likeliest], true[each, likeliest], TRUTH_BINS)
            for n in map(int, asked.rows.split(",")):
                ours, held, theirs, their_held = [], 0, [], 0
                for draw in range(asked.draws):
                    rng = np.random.default_rng([draw, n, classes])
                    y, prediction, _ = drawn(classes, slope, offset, n, rng)
                    found = calibration_error(y, prediction, seed=draw)
                    assert found.value is not None and found.low is not None and found.high is not None
                    ours.append(found.value)
                    held += found.low - 1e-9 <= truth <= found.high + 1e-9
                    told, came = stated(y, prediction)
                    theirs.append(plain(told, came, BINS))
                    picks = rng.integers(0, n, (SAMPLES, n))
                    low, high = np.quantile([plain(told[p], came[p], BINS) for p in picks], [0.025, 0.975])
                    their_held += low <= truth <= high
                totals += held, their_held, asked.draws
                print(
                    f"| {classes} | {name} | {n:,} | {truth:.4f} | {np.mean(ours):.4f} | {held / asked.draws:.0%} | "
                    f"{np.mean(theirs):.4f} | {their_held / asked.draws:.0%} |",
                    flush=True,
                )
    mine, plain_one = totals[:2] / totals[2]
    print(f"held in {mine:.1%} of {int(totals[2]):,} draws; the reference in {plain_one:.1%}")


if __name__ == "__main__":
    main()
