"""Do reasons add up to the prediction, and what does one row cost?

    python benchmarks/explanations/adding_up.py --data DATA [--budget 20s] [--only adult,telco_churn] [--rows 200]

DATA is a folder with an INDEX.csv that has the columns name, dir, main_file and target. Of each set the whole job is
run, and rows of the file are explained by the version it leaves. The table shows, in the answer's unit: the largest
difference between the typical row's answer plus all effects and the row's answer; the same on the members' own scales,
where the sums of each member are computed by another way (each tree walked down, each feature times its coefficient);
how many rows were explained exactly; and what one row takes, as `/explain` explains it, median and 99 % of the
processor's time of the one thread.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import modelwright as mw
from modelwright.data.canonical import canonicalise
from modelwright.data.columns import take
from modelwright.data.reading import read_table
from modelwright.explain.rows.explaining import explain_record
from modelwright.package.bundle import Version
from modelwright.runtime.shapley.mixed import Mixed, side_by_side

SETS = "adult,ames_housing,german_credit,telco_churn"
WARM = 5  # explanations before the clock counts: tables are made at the first


def off_by_sums(version: Version, columns: Any) -> float:
    """Return by how much effects on the sums of members differ from the sums, relative above 1."""
    explainer, plan, worst = version.explainer, version.plan, 0.0
    own, base = side_by_side(version.typical, columns)
    for member, explained in zip(plan.members, explainer._members, strict=True):
        if explained is not None:
            view = plan.views[member.view]
            mixed = Mixed(view, [g for g in explained.groups if len(g) > 1], own, base)
            whole = explained.sums(mixed.own) - explained.sums(mixed.base)
            difference = np.abs(explained.effects(mixed).sum(axis=1) - whole) / np.maximum(1.0, np.abs(whole))
            worst = max(worst, float(difference.max()))
    return worst


def cost(version: Version, records: list[dict[str, Any]]) -> tuple[float, float]:
    """Return the median and the 99 % quantile of what explaining one row takes, in milliseconds."""
    took = []
    for number, record in enumerate([*records[:WARM], *records]):
        began = time.thread_time()
        explain_record(version, record, counterfactuals=0)
        if number >= WARM:
            took.append(1e3 * (time.thread_time() - began))
    return float(np.median(took)), float(np.quantile(took, 0.99))


def measured(source: Path, target: str, budget: str, rows: int, seed: int, **limits: Any) -> str:
    """Return the line of one set."""
    with tempfile.TemporaryDirectory() as folder:
        project = mw.run(source, target=target, budget=budget, project=folder, **limits)
        version = project.version()
        table, _ = read_table(source)
        chosen = np.sort(np.random.default_rng(seed).choice(table.num_rows, min(rows, table.num_rows), replace=False))
        columns, _ = canonicalise(table.take(chosen), version.contract, required=version.contract.names)
        columns = take(columns, np.arange(len(chosen)))
        found = version.explain(columns)
        off = np.abs(found.typical + found.effects.sum(axis=1) - found.outcome).max()
        middle, most = cost(version, table.take(chosen).to_pylist())
        kinds = ", ".join(f"{m.name} ({type(m.scorer).scorer})" for m in version.plan.members)
        return (
            f"| {len(found.columns)} | {off:.1e} | {off_by_sums(version, columns):.1e} | {found.exact.mean():.0%} "
            f"| {middle:.1f} | {most:.1f} | {kinds} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--budget", default="20s")
    parser.add_argument("--only", default=SETS)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--members", type=int)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    limits = {} if options.members is None else {"members": options.members}
    with open(options.data / "INDEX.csv", encoding="utf-8") as index:
        sets = {line["name"]: line for line in csv.DictReader(index)}
    print("| set | columns | off by | sums off by | exact | one row, ms | 99 %, ms | members |")
    print("|---|---|---|---|---|---|---|---|")
    for name in options.only.split(","):
        source = options.data / sets[name]["dir"] / sets[name]["main_file"]
        line = measured(source, sets[name]["target"], options.budget, options.rows, options.seed, **limits)
        print(f"| {name} {line}", flush=True)


if __name__ == "__main__":
    main()
