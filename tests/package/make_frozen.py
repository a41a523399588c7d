"""Write the frozen version of the current format: ``python -m tests.package.make_frozen``.

A frozen version must load, and answer as recorded, with every later release. So this is run once per format, before
the first release that has it, and never again: when reading it breaks, the reader is to be mended.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import ColumnProfile, Profile
from modelwright.evaluate.measurements import Measurement
from modelwright.package.bundle import open_version
from modelwright.package.compiling import compile_plan
from modelwright.package.manifest import FORMAT
from modelwright.package.writing import Facts, write_version
from modelwright.runtime import Plan, PlanMember, ViewPlan
from modelwright.runtime.calibrators import Sigmoid
from modelwright.runtime.ops.numbers import Numbers
from modelwright.runtime.scorers.xgboost import XgboostScorer
from tests.package.fitting import LEVELS, fitted, table

FROZEN = Path(__file__).parent / "frozen"
LEARNERS = ("linear", "lightgbm", "extra_trees")
FACTS = Facts(
    version=1,
    target="deposit",
    metric="roc_auc",
    score=Measurement(name="roc_auc", value=0.9, low=0.85, high=0.95, n=200, method="DeLong"),
    documents={"brief": "sha256:" + "0" * 64},
    rows={"used": 200},
    created=datetime(2026, 1, 1, tzinfo=UTC),
)
PROFILE = Profile(
    n_rows=200,
    columns=(ColumnProfile(name="job", kind="category", n_missing=20, n_distinct=5, top=((LEVELS[0], 40),)),),
)


def rows() -> dict[str, list]:
    """Return the requests: real-looking ones, and at the end some that nobody should send."""
    raw, _ = table(12, seed=99)
    odd = {
        "area": [None, 1e12, "12,5", -1.0],
        "rooms": [None, 10**9, "3", 2.5],
        "job": [None, "astronaut", 7, ""],
        "garden": [None, True, "no", "perhaps"],
        "since": [None, "1700-01-01", "2024-02-30", "2090-12-31"],
        "note": [None, "", "\u2603 snow", "quiet " * 200],
    }
    return {name: values + odd[name] for name, values in raw.items()}


def plain() -> tuple[Plan, dict[str, list]]:
    """Return a plan of models as their learners left them."""
    plan, _, _ = fitted(LEARNERS, 2, iterations=6)
    return dataclasses.replace(plan, calibrator=Sigmoid(1.2, 0.1), threshold=0.45), rows()


def compiled() -> tuple[Plan, dict[str, list]]:
    """Return a plan of models that were compiled: statistics of combinations, and sums in single precision."""
    import xgboost

    from tests.package.compiling.test_compiling import interacting

    scorer, matrix = interacting(0, 4)
    label = np.nan_to_num(matrix[:, 2]) * 1e4 + 1.8e5
    booster = xgboost.train({"max_depth": 3, "nthread": 1}, xgboost.DMatrix(matrix, label), 12)
    names = ("a", "b", "c", "d", "e")
    contract = Contract(columns=tuple(ColumnSpec(name=n, kind=Kind.NUMBER, nullable=True) for n in names), rows_seen=9)
    plan = Plan(
        contract=contract,
        objective="regress",
        classes=(),
        views={"numbers": ViewPlan((Numbers(inputs=names, names=names),))},
        members=(
            PlanMember(name="catboost", view="numbers", scorer=scorer, weight=0.5),
            PlanMember(name="xgboost", view="numbers", scorer=XgboostScorer(booster, 0), weight=0.5),
        ),
    )
    picked = matrix[:: len(matrix) // 30]
    return compile_plan(plan, dict(zip(names, matrix.T.copy()))), dict(zip(names, picked.T.tolist()))


KINDS = {f"format-{FORMAT}": plain, f"format-{FORMAT}-compiled": compiled}


def main() -> int:
    for name, make in KINDS.items():
        if (FROZEN / name).exists():
            print(f"{name} exists; a frozen version is never made again")
        else:
            freeze(FROZEN / name, *make())
    return 0


def freeze(folder: Path, plan: Plan, requests: dict[str, list]) -> None:
    write_version(folder, plan, facts=FACTS, profile=PROFILE, seed=0)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)  # as a checkout leaves them
    requests = {n: [None if v != v else v for v in values] for n, values in requests.items()}  # JSON has no NaN
    answers, violations = open_version(folder).predict(requests)
    recorded = {
        "rows": requests,
        "answers": {name: values.tolist() for name, values in answers.items()},
        "violations": sorted({(v.what, v.column) for v in violations}),
        "digest": open_version(folder).digest,
    }
    folder.with_name(f"{folder.name}.json").write_text(json.dumps(recorded, indent=1) + "\n")
    (FROZEN / ".gitattributes").write_text("* -text\n")  # not a byte may change, by git or by a formatter
    (FROZEN / "ruff.toml").write_text('exclude = ["*"]\n')
    print(folder, sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()), "bytes")


if __name__ == "__main__":
    if "--again" in sys.argv:  # while a format is still being made
        shutil.rmtree(FROZEN, ignore_errors=True)
    sys.exit(main())
