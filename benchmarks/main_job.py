"""The main job on many files: wall time against budget, peak memory, score, baselines, verdict.

    python benchmarks/main_job.py DATA --budget 60s [--only adult,titanic] [--out results.json]

DATA is a folder with an INDEX.csv that has the columns name, dir, main_file and target; nothing else of it is used:
each run gets the file and the target. The command is run as a user would, in a folder of its own.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SETS = (
    "adult,telco_churn,titanic,german_credit,ames_housing,bike_sharing_hourly,covertype_20k,diamonds,hotel_bookings,"
    "melbourne_housing,sk_wine,stroke,wine_quality,credit_card_default,sms_spam"
)


def run(path: Path, target: str, budget: str, folder: Path) -> dict:
    """Run the command once; return what it said, with the wall time of the whole process."""
    command = [sys.executable, "-m", "modelwright", "run", str(path), "--target", target, "--budget", budget, "--json"]
    began = time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    wall = time.monotonic() - began
    try:
        told = json.loads(done.stdout)
    except json.JSONDecodeError:
        told = {"error": done.stdout[-300:] + done.stderr[-300:]}
    project = Path(folder, told["project"]) if "project" in told else None
    if project is not None:
        newest = sorted((project / "runs").iterdir())[-1]
        evaluation = json.loads((newest / "evaluation.json").read_text())["body"]
        gains = [c["gain"] for c in evaluation["comparisons"]]
        told["least_gain"] = min((g["value"] for g in gains if g["value"] is not None), default=None)
        told["surely_better"] = all(c["better"] for c in evaluation["comparisons"])
        audit = json.loads((newest / "audit.json").read_text())["body"]
        told["dropped"] = {
            c: f["code"] for f in audit["findings"] if f["action"] == "drop column" for c in f["columns"]
        }
        told["megabytes"] = sum(p.stat().st_size for p in (project / "versions").rglob("*") if p.is_file()) / 1e6
    return {**told, "wall": wall, "exit": done.returncode, "stderr": done.stderr[-500:]}


def main() -> None:
    """Run the sets one after the other and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--only", default=SETS)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    names = asked.only.split(",")
    with open(asked.data / "INDEX.csv", newline="") as handle:
        index = {row["name"]: row for row in csv.DictReader(handle)}
    results = {}
    print("| set | exit | wall s | peak MB | version MB | score | gain over the best baseline | verdict |")
    print("|---|---|---|---|---|---|---|---|")
    for name in names:
        row = index[name]
        path = asked.data / row["dir"] / row["main_file"]
        with tempfile.TemporaryDirectory() as folder:
            told = results[name] = run(path.resolve(), row["target"], asked.budget, Path(folder))
        if "score" not in told:
            print(f"| {name} | {told['exit']} | {told['wall']:.1f} | FAILED: {told.get('error')} {told['stderr']} |")
            continue
        s = told["score"]
        low, high = (f"{s[k]:.4g}" if s[k] is not None else "–" for k in ("low", "high"))
        print(
            f"| {name} | {told['exit']} | {told['wall']:.1f} | {told['peak_memory_bytes'] / 1e6:.0f} "
            f"| {told['megabytes']:.1f} | {s['metric']} {s['value']:.4g} ({low} to {high}) "
            f"| {told['least_gain']:.3g}{'' if told['surely_better'] else ' (within noise)'} | {told['verdict']} |",
            flush=True,
        )
    if asked.out:
        asked.out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
