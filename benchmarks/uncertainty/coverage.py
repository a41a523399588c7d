"""Do intervals and sets of classes hold as often as asked, over all rows, in each class and in each group?

    python benchmarks/uncertainty/coverage.py --data DATA [--rows 1500] [--seeds 10] [--only adult,diamonds]

DATA is a folder with an INDEX.csv that has the columns name, dir, main_file and target. From each of twelve sets rows
are drawn, anew by every seed; intervals or sets are fitted on out-of-fold predictions (see `drawing.py`) and looked at
on up to 3,000 rows held out. Everything is the mean over the seeds, in %.

A set holds the predicted class, so it cannot hold the truth less often than the prediction is right: what is to be
expected of a class is the coverage, or the share of its rows that are predicted right where that is more. Behind a
stroke is what is to be expected over all rows where it is more than the coverage.

Groups are those of a column with 100 rows and more in training: furthest off is the group whose mean coverage is
furthest from what was asked, with what all rows get and with intervals of its own. In brackets is the standard error of
that mean.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from drawing import CLASSES, VALUES, Draw, draw
from tables import read_index

from modelwright.data.columns import Strings
from modelwright.evaluate.calibration import fit_calibrator
from modelwright.evaluate.conformal import fit_intervals, fit_sets
from modelwright.evaluate.grouped import by_group, inside_of

COVERAGES = (0.8, 0.9, 0.95)
FEWEST_HELD = 100

Shares = dict[str, float]


def looked_at(found: Draw, seed: int) -> dict[float, Shares]:
    """Return by coverage the shares inside: of all, by class, by group together and apart."""
    oof, held = found.oof, found.held
    if found.n_classes:
        calibrator, _ = fit_calibrator(found.y, oof, metric="log_loss", seed=seed)
        oof, held = calibrator(oof), calibrator(held)

    def fit(rows: np.ndarray) -> tuple[Any, str]:
        if found.n_classes:
            return fit_sets(found.y[rows], oof[rows], seed=seed)
        return fit_intervals(found.y[rows], oof[rows, 0], seed=seed)

    rest, note = fit(np.arange(len(found.y)))
    column = Strings.from_values([v or None for v in found.group])
    grouped, _ = by_group(rest, note, fit, "group", column)
    held_column = Strings.from_values([v or None for v in found.held_group])
    told: dict[float, Shares] = {}
    for coverage in COVERAGES:
        inside = inside_of(rest, found.held_y, held, coverage)
        shares: Shares = {"all": float(inside.mean()), "expected": expected(found, held, coverage)}
        for k in range(found.n_classes):
            shares[f"class {k}"] = float(inside[found.held_y == k].mean())
        apart = inside if grouped is None else inside_of(grouped, found.held_y, held, coverage, held_column)
        for level in () if grouped is None else grouped.levels:
            rows = found.held_group == level
            if rows.sum() >= FEWEST_HELD:
                shares[f"group {level}"] = float(inside[rows].mean())
                shares[f"own {level}"] = float(apart[rows].mean())
        told[coverage] = shares
    return told


def expected(found: Draw, held: np.ndarray, coverage: float) -> float:
    """Return how often the truth is to be inside, over all rows."""
    if not found.n_classes:
        return coverage
    right = held.argmax(axis=1) == found.held_y
    recall = [float(right[found.held_y == k].mean()) for k in range(found.n_classes)]
    weight = np.bincount(found.held_y.astype(int), minlength=found.n_classes) / len(right)
    return float(weight @ np.maximum(recall, coverage))


def furthest(draws: list[Shares], kind: str, coverage: float) -> str:
    """Return the mean share of the class or group that is furthest from the coverage, and its standard error."""
    names = {n for shares in draws for n in shares if n.startswith(kind)}
    means: list[tuple[float, float]] = []
    for name in names:
        values = [shares[name] for shares in draws if name in shares]
        if len(values) >= max(2, len(draws) // 2):
            means.append((float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))))
    if not means:
        return "-"
    mean, error = max(means, key=lambda m: abs(m[0] - coverage))
    return f"{100 * mean:.1f} ({100 * error:.1f})"


def main() -> None:
    """Run the sets one after the other and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_500)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", default=",".join((*CLASSES, *VALUES)))
    asked = parser.parse_args()
    index = read_index(asked.data)
    heads = [f"{c:.0%}: all, class, group, group by itself" for c in COVERAGES]
    print("| set | " + " | ".join(heads) + " |")
    print("|" + "---|" * (len(COVERAGES) + 1))
    within: Callable[[float, float], bool] = lambda share, coverage: abs(share - coverage) <= 0.02  # noqa: E731
    kept = [0, 0]
    for name in asked.only.split(","):
        draws = [looked_at(draw(index[name], asked.rows, seed), seed) for seed in range(asked.seeds)]
        cells = []
        for coverage in COVERAGES:
            own = [d[coverage] for d in draws]
            mean = float(np.mean([shares["all"] for shares in own]))
            due = float(np.mean([shares["expected"] for shares in own]))
            kept[0] += within(mean, due)
            kept[1] += 1
            parts = [furthest(own, kind, coverage) for kind in ("class", "group", "own")]
            behind = f" / {100 * due:.1f}" if due > coverage + 0.005 else ""
            cells.append(f"{100 * mean:.1f}{behind}, {', '.join(parts)}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print(f"within two hundredths of what is to be expected over all rows: {kept[0]} of {kept[1]}")


if __name__ == "__main__":
    main()
