"""What being fairer costs, here and with mljar-supervised and fairlearn: the same rows, the same test rows, one budget.

    python benchmarks/fairness/compare.py --data DATA [--peers PYTHON] [--budget 20] [--rows 6000] [--seeds 3]
        [--only compas,adult] [--tools ours,mljar]

DATA holds the public sets of `SETS` in folders of their names. PYTHON is an interpreter with mljar-supervised and
fairlearn, in an environment of its own (`pip install mljar-supervised fairlearn`); without it only ours is run. Of each
set so many rows are drawn, seven tenths of them train. All are asked for a selection rate of the lowest group of at
least 0.8 times that of the highest. Told of the test rows, which nobody saw: the share of right decisions, the area
under the ROC curve where there is a chance, and the lowest ratio of two groups of 30 or more rows with its interval,
which allows for all pairs. *random* tools draw the answer to a row: asked again, the same row may get another. Ours do
not read the protected column where thresholds by group are not allowed; of the others only the *blind* one does not.
Each seed draws other rows; the last table has means, and in how many draws the interval of the ratio held what was
asked for or lay above it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.evaluate.metrics import get
from modelwright.govern.fairness.groups import Grouping, group_by
from modelwright.govern.fairness.measuring import Judged, group_table, widest_pair

LEAST = 0.8
PEERS = ("mljar", "fairlearn reduction", "fairlearn reduction blind", "fairlearn thresholds")
OURS, ALLOWED = "ours", "thresholds allowed"


class Set(NamedTuple):
    """A public set: its file, the target with the class that counts, and the protected column."""

    file: str
    target: str
    positive: object
    protected: str
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


SETS = {
    "compas": Set(
        "compas/compas-scores-two-years.csv", "two_year_recid", 1, "race",
        keep=("sex", "age", "race", "juv_fel_count", "juv_misd_count", "juv_other_count", "priors_count",
              "c_charge_degree"),
    ),
    "adult": Set("adult/data.csv.gz", "income", ">50K", "sex", drop=("part", "fnlwgt")),
    "german_credit": Set("german_credit/german_data_credit.csv", "class-label", 1, "age"),
    "credit_card_default": Set("credit_card_default/credit-card-clients.csv", "default payment", 1, "EDUCATION"),
}  # fmt: skip


def drawn(data: Path, one: Set, rows: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Return training and test rows with the target as 0 and 1, and how groups are called by row number."""
    table = pd.read_csv(data / one.file)
    table = table[list(one.keep) + [one.target]] if one.keep else table.drop(columns=list(one.drop))
    table = table.sample(min(rows, len(table)), random_state=seed).reset_index(drop=True)
    table["target"] = (table.pop(one.target).astype(str) == str(one.positive)).astype(int)
    grouping = groups_of(table[one.protected])
    names = pd.Series([grouping.labels[c] for c in grouping.codes])
    cut = int(0.7 * len(table))
    return table[:cut], table[cut:], names


def groups_of(column: pd.Series) -> Grouping:
    """Return the groups that our tables have of a column."""
    number = pd.api.types.is_numeric_dtype(column)
    values = column.to_numpy(float) if number else Strings.from_values(column.astype(object).tolist())
    spec = ColumnSpec(name="group", kind=Kind.NUMBER if number else Kind.CATEGORY)
    return group_by("group", values, Contract(columns=(spec,), rows_seen=len(column)))


def ours(folder: Path, one: Set, options: argparse.Namespace, *, consent: bool) -> tuple[pd.DataFrame, str]:
    """Return what our version says of the test rows, and which model was taken."""
    project = folder / ("ours-own" if consent else "ours")
    command = [sys.executable, "-m", "modelwright", "run", str(folder / "plain.csv"), "--target", "target"]
    command += ["--positive", "1", "--protected", one.protected, "--fairness", "selection", "--json"]
    limit = ["--trials", str(options.trials)] if options.trials else ["--budget", f"{options.budget:g}s"]
    command += [*limit, "--project", str(project), *(["--fairness-thresholds"] if consent else [])]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode not in (0, 3):
        raise SystemExit(said.stdout + said.stderr)
    import modelwright as mw

    told = json.loads(said.stdout)["fairness"]
    version = mw.Project(project).version(1)
    answers = version.predict(pd.read_csv(folder / "test.csv").drop(columns=["target", "group"]))[0]
    acted = (answers["prediction"].astype(str) == version.plan.classes[1]).astype(int)
    return pd.DataFrame({"act": acted, "chance": answers[f"probability_{version.plan.classes[1]}"]}), told["model"]


class Found(NamedTuple):
    """What the test rows say of a tool's decisions: the share that is right, and the lowest ratio with its ends."""

    cells: str
    right: float
    ratio: float
    low: float
    high: float


def told(said: pd.DataFrame, y: np.ndarray, grouping: Grouping) -> Found:
    """Return what is said of them, with a table's cells: right, AUC, lowest ratio."""
    act = said["act"].to_numpy(float)
    judged = Judged(y=y, prediction=np.column_stack([1 - act, act]), threshold=0.5)
    pair = widest_pair([group_table(judged, grouping, least=LEAST)], ("selection_rate",))
    share = float((act == y).mean())
    right = f"{share:.3f}"
    auc = "random" if "chance" not in said else f"{get('roc_auc')(y, said[['chance', 'chance']].to_numpy()):.3f}"
    if pair is None:
        return Found(f"{right} | {auc} | none", share, np.nan, np.nan, np.nan)
    m = pair.ratio
    high = "…" if m.high is None else f"{m.high:.2f}"
    cells = f"{right} | {auc} | {m.value:.2f} ({m.low or 0:.2f} to {high}) {pair.low} / {pair.high}"
    return Found(cells, share, m.value or 0.0, m.low or 0.0, np.inf if m.high is None else m.high)


def compare(data: Path, name: str, options: argparse.Namespace, seed: int) -> dict[str, Found]:
    """Print the rows of one draw of a set, and return what was found by tool."""
    one, found = SETS[name], {}
    train, test, names = drawn(data, one, options.rows, seed)
    y, grouping = test["target"].to_numpy(float), groups_of(pd.concat([train, test])[one.protected]).take(test.index)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        train.to_csv(folder / "plain.csv", index=False)
        for part, file in ((train, "train.csv"), (test, "test.csv")):
            part.assign(group=names[part.index]).to_csv(folder / file, index=False)
        for who in options.tools.split(","):
            began, model = time.monotonic(), ""
            if who in (OURS, ALLOWED):
                said, model = ours(folder, one, options, consent=who == ALLOWED)
                found[who] = told(said, y, grouping)
            elif options.peers:
                script = Path(__file__).with_name("peers.py")
                command = [
                    options.peers,
                    str(script),
                    str(folder),
                    who,
                    f"{options.budget:g}",
                    f"{LEAST}",
                    one.protected,
                ]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if not (folder / f"{who}.csv").is_file():
                    print(f"| {name} | {who} | failed: {_last(done.stderr)} | | | |", flush=True)
                    continue
                found[who] = told(pd.read_csv(folder / f"{who}.csv"), y, grouping)
            else:
                continue
            named = f"ours, {who}: {model}" if who == ALLOWED else f"{who}: {model}" if model else who
            seconds = time.monotonic() - began
            print(f"| {name} ({one.protected}) {seed} | {named} | {found[who].cells} | {seconds:.0f} |", flush=True)
    return found


def summary(draws: dict[str, list[dict[str, Found]]]) -> None:
    """Print the means over the draws."""
    print("\n| set | tool | right | lowest ratio | holds the ratio asked for or lies above | draws |")
    print("|---|---|---|---|---|---|")
    for name, each in draws.items():
        for tool in dict.fromkeys(tool for one in each for tool in one):
            mine = [one[tool] for one in each if tool in one]
            held = sum(f.high >= LEAST for f in mine)
            means = f"{np.mean([f.right for f in mine]):.3f} | {np.mean([f.ratio for f in mine]):.2f}"
            print(f"| {name} | {tool} | {means} | {held} of {len(mine)} | {len(mine)} |")


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["?"])[-1][:80]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peers", help="interpreter with mljar-supervised and fairlearn")
    parser.add_argument("--budget", type=float, default=20.0)
    parser.add_argument("--trials", type=int, default=0, help="fits of ours that are counted, instead of the budget")
    parser.add_argument("--rows", type=int, default=6_000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--tools", default=",".join((OURS, ALLOWED, *PEERS)))
    parser.add_argument("--only", default=",".join(SETS))
    options = parser.parse_args()
    print("| set | tool: model | right | AUC | lowest ratio | wall s |\n|---|---|---|---|---|---|")
    draws: dict[str, list[dict[str, Found]]] = {}
    for seed in range(options.seeds):
        for name in options.only.split(","):
            draws.setdefault(name, []).append(compare(options.data, name, options, seed))
    summary(draws)


if __name__ == "__main__":
    main()
