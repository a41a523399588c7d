"""Is the risk kept that was asked for, and how many rows are answered?

    python benchmarks/uncertainty/abstaining.py --data DATA [--rows 2000] [--seeds 10] [--only adult,diamonds]

DATA is a folder with an INDEX.csv that has the columns name, dir, main_file and target. From each set rows are drawn,
anew by every seed; limits of doubt are found on out-of-fold predictions (see `drawing.py`) and looked at on rows held
out, up to 3,000. For values wrong is what is off by more than 20 % of the median.

For each risk: the rows answered (%), the mean of the wrong ones among them (%), and in how many draws these were more
than was asked for - with 95 % confidence in one of twenty at most, but for the noise of the held-out rows; those where
the excess is beyond that noise (binomial, 5 %) are in brackets. Possible is what could be answered if the held-out rows
were known.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from drawing import CLASSES, VALUES, Draw, draw
from tables import read_index

from modelwright.evaluate.abstaining import Selective, fit_abstention
from modelwright.evaluate.calibration import fit_calibrator
from modelwright.evaluate.conformal import fit_intervals
from modelwright.runtime.abstaining import doubt_of_classes, doubt_of_values
from modelwright.runtime.answers import chosen_class

RISKS = (0.02, 0.05, 0.1, 0.2)
TOLERANCE = 0.2
MORE = ("banknote", "spambase", "magic_gamma", "hr_left", "stroke", "mushroom", "phoneme", "credit_card_default")


def judged(found: Draw, seed: int) -> tuple[Selective, Selective] | None:
    """Return the rows that limits come from, and those held out."""
    if found.n_classes:
        calibrator, _ = fit_calibrator(found.y, found.oof, metric="log_loss", seed=seed)
        rows = []
        for y, prediction in ((found.y, calibrator(found.oof)), (found.held_y, calibrator(found.held))):
            rows.append(Selective(doubt_of_classes(prediction, None), chosen_class(prediction, None) != y))
        return rows[0], rows[1]
    intervals, _ = fit_intervals(found.y, found.oof[:, 0], seed=seed)
    if intervals is None:
        return None
    tolerance = TOLERANCE * float(np.median(np.abs(found.y)))
    own, held = (
        Selective(doubt_of_values(p, intervals), np.abs(p[:, 0] - y) > tolerance)
        for y, p in ((found.y, found.oof), (found.held_y, found.held))
    )
    return own, held


def looked_at(own: Selective, held: Selective) -> list[tuple[float, float, float, float]]:
    """Return per risk: answered, wrong among them, possible, and the chance of so many wrong ones at the risk."""
    from scipy.stats import binom

    made, _ = fit_abstention(own)
    assert made is not None
    best = np.sort(held.doubt)
    wrong = np.cumsum(held.wrong[np.argsort(held.doubt, kind="stable")]) / np.arange(1, len(best) + 1)
    rows = []
    for risk in RISKS:
        taken = ~made(held.doubt, risk)
        n, misses = int(taken.sum()), int(held.wrong[taken].sum())
        possible = float((np.flatnonzero(wrong <= risk).max(initial=-1) + 1) / len(best))
        rows.append((n / len(best), misses / n if n else np.nan, possible, float(binom.sf(misses - 1, n, risk))))
    return rows


def main() -> None:
    """Run the sets one after the other and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", default=",".join((*CLASSES, *MORE, *VALUES)))
    asked = parser.parse_args()
    index = read_index(asked.data)
    print("| set | wrong of all % | " + " | ".join(f"{r:.0%}: answered, possible, wrong, above" for r in RISKS) + " |")
    print("|" + "---|" * (len(RISKS) + 2))
    above = np.zeros((len(RISKS), 3))
    for name in asked.only.split(","):
        found = []
        base = []
        for seed in range(asked.seeds):
            rows = judged(draw(index[name], asked.rows, seed), seed)
            if rows is not None:
                found.append(looked_at(*rows))
                base.append(float(rows[1].wrong.mean()))
        every = np.array(found)  # (n_seeds, n_risks, 4)
        cells = []
        for i, risk in enumerate(RISKS):
            answered, wrong, possible, chance = every[:, i].T
            over = wrong > risk  # NaN compares as false
            clear = over & (chance < 0.05)
            above[i] += over.sum(), clear.sum(), len(over)
            mean = f"{100 * np.nanmean(wrong):.1f}" if np.isfinite(wrong).any() else "-"
            counts = f"{over.sum()} ({clear.sum()})"
            cells.append(f"{100 * answered.mean():.0f}, {100 * possible.mean():.0f}, {mean}, {counts}")
        print(f"| {name} | {100 * np.mean(base):.1f} | {' | '.join(cells)} |", flush=True)
    print("above in " + ", ".join(f"{int(o)} ({int(c)}) of {int(n)}" for o, c, n in above))


if __name__ == "__main__":
    main()
