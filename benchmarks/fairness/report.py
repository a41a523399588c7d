"""The audit by hand: do a report's measures by group agree with fairlearn's on the same rows of the lockbox?

    python benchmarks/fairness/report.py --data DATA --fairlearn FAIRLEARN/bin/python [--only compas] [--trials 4]

Each set is trained with its protected column named. What the report judges (targets, chances and the threshold of the
lockbox) is kept on its way, fairlearn's MetricFrame measures it, and every measure of every group that the project has
on disk is compared: all of them, and where there is no such row both have none. The exit code is 1 where two differ by
more than 1e-9.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
from compare import SETS, apart, by_fairlearn, drawn

import modelwright as mw
from modelwright.govern import fairness

AGREE = 1e-9


def main() -> None:
    """Train, audit and print a line a set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fairlearn", required=True, help="interpreter with fairlearn")
    parser.add_argument("--only", default=",".join(SETS))
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--rows", type=int, default=3000)
    options = parser.parse_args()
    worst = 0.0
    for name in options.only.split(","):
        with tempfile.TemporaryDirectory() as place:
            found = audited(name, options, Path(place))
        worst = max(worst, *found.values())
        print(f"{name}: {len(found)} measures of groups, largest difference {max(found.values()):.1e}", flush=True)
    sys.exit(int(not worst <= AGREE))


def audited(name: str, options: argparse.Namespace, folder: Path) -> dict[tuple[str, str, str], float]:
    """Return by how much each measure of each group differs from fairlearn's."""
    one = SETS[name]
    train, test, _ = drawn(options.data, one, options.rows, 0)
    pd.concat([train, test]).to_csv(folder / "table.csv", index=False)
    kept: dict[str, Any] = {}

    def keeping(judged: Any, groups: Any, **more: Any) -> Any:
        kept.update(judged=judged, groups=groups)
        return measured(judged, groups, **more)

    measured = fairness.measure_fairness
    with mock.patch.object(fairness, "measure_fairness", keeping):
        mw.run(
            folder / "table.csv", project=folder / "p", target="target", positive="1", protected=[one.protected],
            trials=options.trials,
        )  # fmt: skip
    tables = on_disk(folder / "p")
    if len(tables) != len(kept["groups"]):
        raise SystemExit(f"{name}: {len(kept['groups'])} columns were measured, {len(tables)} are in the project")
    found = {}
    for table, grouping in zip(tables, kept["groups"], strict=True):
        put_down(kept["judged"], grouping, folder)
        theirs = by_fairlearn(folder, options.fairlearn)
        for row in table["rows"]:
            for m in row["measures"]:
                found[", ".join(table["columns"]), row["group"], m["name"]] = apart(
                    row["group"], m["name"], m.get("value"), theirs
                )
    return found


def on_disk(project: Path) -> list[dict[str, Any]]:
    """Return the tables of groups that the report is made of."""
    evaluation = json.loads((project / "runs" / "0001" / "evaluation.json").read_text())
    return evaluation["body"]["fairness"]["tables"]


def put_down(judged: Any, grouping: Any, folder: Path) -> None:
    """Write what was judged as fairlearn is given it."""
    chance = judged.prediction[:, 1]
    labels = np.array([*grouping.labels, "(missing)"])[grouping.codes]
    pd.DataFrame({"target": judged.y.astype(int), "group": labels}).to_csv(folder / "test.csv", index=False)
    acted = (chance >= judged.threshold).astype(int)
    pd.DataFrame({"act": acted, "chance": chance}).to_csv(folder / "said.csv", index=False)


if __name__ == "__main__":
    main()
