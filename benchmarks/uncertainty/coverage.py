"""Do intervals and sets of classes hold as often as asked, over all rows, in each class and in each group?

    python benchmarks/uncertainty/coverage.py --data DATA [--rows 1500] [--seeds 10] [--only adult,diamonds]

DATA is a folder with an INDEX.csv that has the columns name, dir, main_file and target. From each of twelve sets rows
are drawn, anew by every seed; intervals or sets are fitted on out-of-fold predictions (see `drawing.py`) and looked at
on up to 3,000 rows held out. Everything is the mean over the seeds, in %.

A set holds the predicted class, so it cannot hold the truth less often than the prediction is right: what is to be
expected of a class is the coverage, or the share of its rows that are predicted right where that is more.

Groups are those of a column with 100 rows and more in training: furthest off is the group whose mean coverage is
furthest from what is to be expected of it, with what all rows get and with intervals of its own. In brackets is the
standard error of that mean. Off within the noise of the mean is what two standard errors would bring within two
hundredths. Behind a stroke is what is to be expected where it is more than the coverage.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
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

NEAR = 0.02
NOISE = 2.0  # standard errors

Shares = dict[str, tuple[float, float]]
"""By name, how often the truth was inside, and how often it was to be expected."""


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

        def share(rows: np.ndarray, inside: np.ndarray, coverage: float = coverage) -> tuple[float, float]:
            return float(inside[rows].mean()), expected(found, held, rows, coverage)

        shares: Shares = {"all": share(np.ones(len(inside), bool), inside)}
        for k in range(found.n_classes):
            shares[f"class {k}"] = share(found.held_y == k, inside)
        apart = inside if grouped is None else inside_of(grouped, found.held_y, held, coverage, held_column)
        for level in () if grouped is None else grouped.levels:
            rows = found.held_group == level
            if rows.sum() >= FEWEST_HELD:
                shares[f"group {level}"] = share(rows, inside)
                shares[f"own {level}"] = share(rows, apart)
        told[coverage] = shares
    return told


def expected(found: Draw, held: np.ndarray, rows: np.ndarray, coverage: float) -> float:
    """Return how often the truth is to be inside, over some rows."""
    if not found.n_classes:
        return coverage
    y, right = found.held_y[rows].astype(int), (held.argmax(axis=1) == found.held_y)[rows]
    classes, weight = np.unique(y, return_counts=True)
    recall = [float(right[y == k].mean()) for k in classes]
    return float(weight @ np.maximum(recall, coverage) / len(y))


@dataclass(frozen=True)
class Mean:
    """Of all rows, a class or a group over the draws: share inside, its standard error, and what was to be expected."""

    share: float
    error: float
    due: float
    coverage: float

    @property
    def off(self) -> float:
        return abs(self.share - self.due)

    @property
    def off_beyond_noise(self) -> bool:
        return self.off > NEAR + NOISE * self.error

    def __str__(self) -> str:
        due = f" / {100 * self.due:.1f}" if self.due > self.coverage + 0.005 else ""
        return f"{100 * self.share:.1f}{due} ({100 * self.error:.1f})"


def means(draws: list[Shares], kind: str, coverage: float) -> list[Mean]:
    """Return the classes or groups that at least half of the draws have."""
    found = []
    for name in sorted({n for shares in draws for n in shares if n.startswith(kind)}):
        values = np.array([shares[name] for shares in draws if name in shares])
        if len(values) >= max(2, len(draws) // 2):
            (share, due), error = values.mean(axis=0), values[:, 0].std(ddof=1) / np.sqrt(len(values))
            found.append(Mean(float(share), float(error), float(due), coverage))
    return found


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
    seen: dict[str, list[Mean]] = {kind: [] for kind in ("all", "class", "group", "own")}
    for name in asked.only.split(","):
        draws = [looked_at(draw(index[name], asked.rows, seed), seed) for seed in range(asked.seeds)]
        cells = []
        for coverage in COVERAGES:
            found = {kind: means([d[coverage] for d in draws], kind, coverage) for kind in seen}
            cells.append(", ".join(str(max(f, key=lambda m: m.off)) if f else "-" for f in found.values()))
            for kind in seen:
                seen[kind] += found[kind]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    for kind, title in (("all", "over all rows"), ("group", "by group"), ("own", "by group, by itself")):
        near = sum(m.off <= NEAR for m in seen[kind])
        noise = sum(m.off > NEAR and not m.off_beyond_noise for m in seen[kind])
        print(f"{title}: {near} of {len(seen[kind])} within two hundredths, {noise} off within the noise of the mean")


if __name__ == "__main__":
    main()
