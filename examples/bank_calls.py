"""The main job from Python: whom should the bank call? Uses the data that ships with the package.

python examples/bank_calls.py [FOLDER] [BUDGET]
"""

from __future__ import annotations

import sys
from importlib.resources import as_file, files
from pathlib import Path

import pandas as pd

import modelwright as mw


def main(folder: str = "bank-calls", budget: str = "60s") -> None:
    """Run the job, say what it came to, and score three clients."""
    with as_file(files("modelwright") / "demo" / "bank.csv.gz") as path:
        project = mw.run(
            path,
            target="deposit",
            goal="rank clients by their chance to subscribe, before anybody calls them",
            protected=["age", "marital"],
            budget=budget,
            project=folder,
        )
        clients = pd.read_csv(path, nrows=3).drop(columns=["deposit", "duration"])

    score = project.result["score"]
    print(f"{score['metric']} {score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f}) on {score['n']:,} rows")
    print(f"verdict: {project.result['verdict']}")
    for decision in project.why("duration"):
        print(f"{decision.question}: {decision.choice}")
    print(project.predict(clients))
    print(f"report: {Path(project.report.path).resolve()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
