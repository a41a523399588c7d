"""What being fairer costs, here and with mljar-supervised and fairlearn: the same rows, the same test rows, one budget.

    python benchmarks/fairness/compare.py --data DATA --out RESULTS.csv [--mljar PYTHON] [--fairlearn PYTHON]
        [--budget 20] [--trials 4] [--rows 3000] [--seeds 3] [--only compas,adult] [--tools ours,mljar]

DATA holds the public sets of `SETS` in folders of their names. The interpreters have mljar-supervised and fairlearn, in
environments of their own; without one that tool is left out. Of each set so many rows are drawn, by each seed others;
seven tenths of them train. All are asked for a selection rate of the lowest group of at least 0.8 times that of the
highest, but for those *as it was*, which say what each tool does when nothing is asked for. Told of the test rows,
which nobody saw: the share of right decisions, the area under the ROC curve where there is a chance, and the lowest
ratio of two groups of 30 or more rows with its interval, which allows for all pairs. *Drawn* tools answer by lot: asked
again, the same row may get another answer. *ours* do not read the protected column where thresholds by group are not
allowed; of the others only the *blind* one does not.

Every result is a line of RESULTS.csv as soon as it is there; the same command goes on where it was ended. Where there
is a fairlearn, its own measures by group of every tool's decisions are held against ours. ``--trials`` counts the fits
of ours instead of the budget, for a machine that is not alone. The last table has means over the draws.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.evaluate.measurements import GroupTable
from modelwright.evaluate.metrics import get
from modelwright.govern.fairness.groups import Grouping, group_by
from modelwright.govern.fairness.measuring import Judged, group_table, widest_pair

LEAST = 0.8
AS_OURS, OURS, ALLOWED = "ours as it was", "ours", "ours, thresholds allowed"
TOOLS = (
    AS_OURS,
    OURS,
    ALLOWED,
    "fairlearn as it was",
    "fairlearn reduction",
    "fairlearn reduction blind",
    "fairlearn thresholds",
    "mljar as it was",
    "mljar",
)

KEY = ("set", "seed", "tool", "rows", "trials", "budget")
FIELDS = (
    *KEY, "model", "right", "auc", "ratio", "low", "high", "groups", "own_ratio", "own_low", "own_high", "own_lost",
    "audit", "cpu", "failed",
)  # fmt: skip


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


def ours(folder: Path, one: Set, options: argparse.Namespace, tool: str) -> tuple[pd.DataFrame, dict[str, object]]:
    """Return what our version says of the test rows, and what its own report says of its lockbox."""
    project = folder / tool.replace(" ", "-").replace(",", "")
    command = [sys.executable, "-m", "modelwright", "run", str(folder / "plain.csv"), "--target", "target"]
    command += ["--positive", "1", "--protected", one.protected, "--json", "--project", str(project)]
    command += ["--trials", str(options.trials)] if options.trials else ["--budget", f"{options.budget:g}s"]
    command += ["--fairness", "selection"] if tool != AS_OURS else []
    command += ["--fairness-thresholds"] if tool == ALLOWED else []
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode not in (0, 3):
        raise SystemExit(said.stdout + said.stderr)
    import modelwright as mw

    version = mw.Project(project).version(1)
    event = version.plan.classes[1]
    answers = version.predict(pd.read_csv(folder / "test.csv").drop(columns=["target", "group"]))[0]
    acted = (answers["prediction"].astype(str) == event).astype(int)
    own = json.loads(said.stdout)["fairness"] or {}
    ratio = own.get("ratio") or {}
    about = {f"own_{end}": ratio.get(at) for end, at in (("ratio", "value"), ("low", "low"), ("high", "high"))}
    about |= {"model": own.get("model", ""), "own_lost": own.get("lost")}
    return pd.DataFrame({"act": acted, "chance": answers[f"probability_{event}"]}), about


def peer(folder: Path, one: Set, options: argparse.Namespace, tool: str) -> pd.DataFrame | str:
    """Return what another tool says of the test rows, or how it failed."""
    python = options.mljar if tool.startswith("mljar") else options.fairlearn
    script = str(Path(__file__).with_name("peers.py"))
    command = [python, script, str(folder), tool, f"{options.budget:g}", f"{LEAST}", one.protected]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    written = folder / f"{tool}.csv"
    return pd.read_csv(written) if written.is_file() else (done.stderr.strip().splitlines() or ["?"])[-1]


def told(said: pd.DataFrame, y: np.ndarray, grouping: Grouping) -> tuple[dict[str, object], GroupTable]:
    """Return what the test rows say of a tool's decisions, and our table of the groups."""
    act = said["act"].to_numpy(float)
    table = group_table(Judged(y=y, prediction=np.column_stack([1 - act, act]), threshold=0.5), grouping, least=LEAST)
    found: dict[str, object] = {"right": float((act == y).mean())}
    if "chance" in said:
        found["auc"] = float(get("roc_auc")(y, said[["chance", "chance"]].to_numpy()))
    pair = widest_pair([table], ("selection_rate",))
    if pair is not None:
        m = pair.ratio
        found |= {"ratio": m.value, "low": m.low, "high": m.high, "groups": f"{pair.low} / {pair.high}"}
    return found, table


def audited(folder: Path, said: pd.DataFrame, table: GroupTable, options: argparse.Namespace) -> float | None:
    """Return the largest difference of fairlearn's measures of the groups from ours; None without a fairlearn."""
    if not options.fairlearn:
        return None
    said[["act"]].to_csv(folder / "said.csv", index=False)
    theirs = by_fairlearn(folder, options.fairlearn)
    return max(
        apart(row.group, m.name, m.value, theirs) for row in table.rows for m in row.measures if m.name in theirs
    )


def by_fairlearn(folder: Path, python: str) -> pd.DataFrame:
    """Return fairlearn's measures by group of the decisions in ``said.csv`` on the rows of ``test.csv``."""
    script = str(Path(__file__).with_name("peers.py"))
    subprocess.run([python, script, str(folder), "audit", "0", "0", ""], check=True, capture_output=True)
    return pd.read_csv(folder / "audit.csv", dtype={"group": str}).set_index("group")


def apart(group: str, name: str, ours: float | None, theirs: pd.DataFrame) -> float:
    """Return by how much a measure differs; infinity where only one of the two has a value."""
    other = float(theirs.loc[group, name])
    if ours is None or np.isnan(other):
        return 0.0 if ours is None and np.isnan(other) else float("inf")
    return abs(ours - other)


Truth = tuple[np.ndarray, Grouping]
"""The test rows' targets and groups."""


def measure(folder: Path, one: Set, options: argparse.Namespace, tool: str, truth: Truth) -> dict[str, object]:
    """Return the fields of one result."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    about: dict[str, object] = {}
    if tool.startswith("ours"):
        said, about = ours(folder, one, options, tool)
    else:
        answered = peer(folder, one, options, tool)
        if isinstance(answered, str):
            return {"failed": answered[:80]}
        said = answered
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found, table = told(said, *truth)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**about, **found, "audit": audited(folder, said, table, options), "cpu": round(spent, 1)}


def compare(name: str, seed: int, options: argparse.Namespace, tools: list[str]) -> None:
    """Add the results of one draw of a set to the file."""
    one = SETS[name]
    train, test, names = drawn(options.data, one, options.rows, seed)
    grouping = groups_of(pd.concat([train, test])[one.protected]).take(test.index)
    truth = test["target"].to_numpy(float), grouping
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        train.to_csv(folder / "plain.csv", index=False)
        for part, file in ((train, "train.csv"), (test, "test.csv")):
            part.assign(group=names[part.index]).to_csv(folder / file, index=False)
        for tool in tools:
            found = {**_key(name, seed, tool, options), **measure(folder, one, options, tool, truth)}
            with options.out.open("a", newline="") as handle:
                csv.DictWriter(handle, FIELDS).writerow(found)
            shown = {k: f"{v:.3f}" if isinstance(v, float) else v for k, v in found.items() if k not in KEY}
            print(name, seed, tool, shown, flush=True)


def _key(name: str, seed: int, tool: str, options: argparse.Namespace) -> dict[str, object]:
    return {"set": name, "seed": seed, "tool": tool, "rows": options.rows, "trials": options.trials,
            "budget": options.budget}  # fmt: skip


def open_results(path: Path) -> pd.DataFrame:
    """Return what is there; a line that was cut off is left out."""
    if not path.is_file():
        with path.open("w", newline="") as handle:
            csv.writer(handle).writerow(FIELDS)
    return pd.read_csv(path)


def summary(found: pd.DataFrame) -> None:
    """Print the means over the draws."""
    print("\n| set | tool | right | lost to as it was | lowest ratio | interval reaches 0.8 | 0.8 or more | audit |")
    print("|---|---|---|---|---|---|---|---|")
    for (name, tool), mine in found.groupby(["set", "tool"], sort=False):
        plain = found[(found["set"] == name) & (found["tool"] == f"{tool.split()[0].rstrip(',')} as it was")]
        good = mine[mine["right"].notna()]
        if good.empty:
            print(f"| {name} | {tool} | failed: {mine['failed'].iloc[0]} | | | | | |")
            continue
        both = good.merge(plain, on="seed", suffixes=("", "_plain"))
        lost = f"{(both['right_plain'] - both['right']).mean():.3f}" if len(both) else ""
        held = f"{(good['high'].fillna(np.inf) >= LEAST).sum()} of {len(good)}"
        reached = f"{(good['ratio'] >= LEAST).sum()} of {len(good)}"
        ratios = f"{good['ratio'].mean():.2f} ({good['ratio'].min():.2f} to {good['ratio'].max():.2f})"
        print(f"| {name} | {tool} | {good['right'].mean():.3f} | {lost} | {ratios} | {held} | {reached} "
              f"| {good['audit'].max():.0e} |")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="CSV file of results, which is gone on with")
    parser.add_argument("--mljar", help="interpreter with mljar-supervised")
    parser.add_argument("--fairlearn", help="interpreter with fairlearn")
    parser.add_argument("--budget", type=float, default=20.0)
    parser.add_argument("--trials", type=int, default=0, help="fits of ours that are counted, instead of the budget")
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tools", nargs="+", default=list(TOOLS), choices=TOOLS)
    parser.add_argument("--only", default=",".join(SETS))
    options = parser.parse_args()
    has = {"ours": True, "mljar": bool(options.mljar), "fairlearn": bool(options.fairlearn)}
    tools = [t for t in options.tools if has[t.split()[0].rstrip(",")]]
    sets = options.only.split(",")
    for seed in range(options.seeds):
        for name in sets:
            done = open_results(options.out)
            same = (
                (done["rows"] == options.rows) & (done["trials"] == options.trials) & (done["budget"] == options.budget)
            )
            there = set(done[same & (done["set"] == name) & (done["seed"] == seed)]["tool"])
            if missing := [t for t in tools if t not in there]:
                compare(name, seed, options, missing)
    summary(open_results(options.out))


if __name__ == "__main__":
    main()
