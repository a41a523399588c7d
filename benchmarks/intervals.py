"""Do prediction intervals hold what they say? Measured on rows that no run has seen.

    python benchmarks/intervals.py --data DATA [--budget 20s] [--only concrete,diamonds] [--seed 0] [--out results.json]

DATA is a folder with an INDEX.csv that has the columns name, dir, main_file and target. Of each set a quarter of the
rows (at random, at most 20,000) is put aside, the whole job is run on the others, and the version it leaves answers for
those put aside. For values the table shows, at 80, 90 and 95 %, how often the truth lay inside with Wilson's interval,
and the mean width and the interval score (Gneiting and Raftery 2007) as parts of those of intervals of constant width
made of the same out-of-fold errors. For classes: how often the set held the truth, the same for the class where it did
so least, and the mean number of classes in a set.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import modelwright as mw
from modelwright.data.reading import read_table
from modelwright.evaluate import conformal
from modelwright.evaluate.coverage import interval_score
from modelwright.evaluate.scales import wilson

SETS = (
    "abalone,ames_housing,bike_sharing_hourly,california_housing,concrete,cps_wages_1988,diamonds,insurance_charges,"
    "kin8nm,melbourne_housing,power_plant_ccpp,wine_quality,telco_churn,satimage"
)
COVERAGES = (0.8, 0.9, 0.95)
MOST_ROWS = 20_000


def constant_width(error: np.ndarray, coverage: float) -> tuple[float, float]:
    """Return the offsets that ``n + 1`` errors in order give, the same for every row."""
    ordered, n = np.sort(error), len(error)
    outside = int(np.floor((n + 1) * (1 - coverage) / 2))
    return float(ordered[outside - 1]), float(ordered[n - outside])


def measured_values(answers: Any, y: np.ndarray, errors: np.ndarray, coverage: float) -> dict:
    """Return coverage, width and interval score, the last two as parts of those of constant width."""
    low, high, prediction = answers["low"], answers["high"], answers["prediction"]
    below, above = constant_width(errors, coverage)
    plain = interval_score(y, prediction + below, prediction + above, coverage).mean()
    inside = (low <= y) & (y <= high)
    return {
        "coverage": float(inside.mean()),
        "wilson": wilson(float(inside.sum()), len(y)),
        "constant coverage": float(((prediction + below <= y) & (y <= prediction + above)).mean()),
        "width": float((high - low).mean() / (above - below)),
        "score": float(interval_score(y, low, high, coverage).mean() / plain),
    }


def measured_classes(answers: Any, truth: np.ndarray) -> dict:
    """Return how often the set held the truth, in all and for the class where it did so least, and its mean size."""
    inside = np.array([t in s for t, s in zip(truth, answers["set"])])
    return {
        "coverage": float(inside.mean()),
        "wilson": wilson(float(inside.sum()), len(truth)),
        "least": float(min(inside[truth == c].mean() for c in np.unique(truth))),
        "size": float(np.mean([len(s) for s in answers["set"]])),
    }


def run(path: Path, target: str, budget: str, seed: int) -> dict:
    """Run the job on three quarters of the rows, and measure on the others."""
    table = read_table(str(path))[0].to_pandas()
    table = table[table[target].notna()]
    order = np.random.default_rng(seed).permutation(len(table))
    aside, rest = np.split(order, [min(len(table) // 4, MOST_ROWS)])
    seen: dict[str, Any] = {}
    fit = conformal.fit_intervals

    def recording(y: np.ndarray, prediction: np.ndarray, **more: Any) -> Any:
        seen["errors"] = y - prediction
        return fit(y, prediction, **more)

    conformal.fit_intervals = recording
    try:
        with tempfile.TemporaryDirectory() as folder:
            project = mw.run(table.iloc[rest], target=target, budget=budget, project=Path(folder) / "project")
            version = mw.open_version(project.path / "versions" / "1")
            told: dict = {"rows": len(aside), "split": project.result.get("split"), "by": {}}
            if version.uncertainty is None:
                return told
            told["note"], told["lockbox"] = version.uncertainty.note, bool(version.uncertainty.measured)
            held = table.iloc[aside]
            for coverage in COVERAGES:
                answers, _ = version.predict(held, interval=coverage)
                if version.plan.classes:
                    found = measured_classes(answers, held[target].astype(str).to_numpy())
                else:
                    y = pd.to_numeric(held[target]).to_numpy(float)
                    found = measured_values(answers, y, seen["errors"], coverage)
                told["by"][coverage] = found
            return told
    finally:
        conformal.fit_intervals = fit


def line(name: str, told: dict) -> str:
    """Return a line of the table: coverage of each, then width or size, then the score or the least covered class."""
    found = told["by"].values()
    shares = [f"{100 * f['coverage']:.1f} ({100 * f['wilson'][0]:.1f}–{100 * f['wilson'][1]:.1f})" for f in found]
    width = " ".join(f"{f.get('width', f.get('size')):.2f}" for f in found)
    last = " ".join(f"{f['score']:.2f}" if "score" in f else f"{100 * f['least']:.0f}" for f in found)
    note = told.get("note", "").partition(",")[0]
    return f"| {name} | {told['rows']:,} | {' | '.join(shares)} | {width} | {last} | {note} |"


def main() -> None:
    """Run the sets one after the other and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--budget", default="20s")
    parser.add_argument("--only", default=SETS)
    parser.add_argument("--seed", type=int, default=0, help="of the rows put aside")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with open(asked.data / "INDEX.csv", newline="") as handle:
        index = {row["name"]: row for row in csv.DictReader(handle)}
    results = {}
    print("| set | rows | 80 % | 90 % | 95 % | width, or size of the set | score, or least class % | what was fitted |")
    print("|---|---|---|---|---|---|---|---|")
    for name in asked.only.split(","):
        row = index[name]
        try:
            results[name] = run(
                (asked.data / row["dir"] / row["main_file"]).resolve(), row["target"], asked.budget, asked.seed
            )
        except mw.ModelwrightError as error:
            print(f"| {name} | FAILED: {error} |", flush=True)
            continue
        print(line(name, results[name]), flush=True)
        if asked.out:
            asked.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
