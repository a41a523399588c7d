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

from modelwright.data.profile import ColumnProfile, Profile
from modelwright.evaluate.measurements import Measurement
from modelwright.package.bundle import open_version
from modelwright.package.manifest import FORMAT
from modelwright.package.writing import Facts, write_version
from modelwright.runtime.calibrators import Sigmoid
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


def main() -> int:
    folder = FROZEN / f"format-{FORMAT}"
    if folder.exists():
        print(f"{folder} exists; a frozen version is never made again")
        return 1
    plan, _, _ = fitted(LEARNERS, 2, iterations=6)
    plan = dataclasses.replace(plan, calibrator=Sigmoid(1.2, 0.1), threshold=0.45)
    write_version(folder, plan, facts=FACTS, profile=PROFILE, seed=0)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)  # as a checkout leaves them
    answers, violations = open_version(folder).predict(rows())
    recorded = {
        "rows": rows(),
        "answers": {name: values.tolist() for name, values in answers.items()},
        "violations": sorted({(v.what, v.column) for v in violations}),
        "digest": open_version(folder).digest,
    }
    (FROZEN / f"format-{FORMAT}.json").write_text(json.dumps(recorded, indent=1) + "\n")
    (FROZEN / ".gitattributes").write_text("* -text\n")  # not a byte may change, by git or by a formatter
    (FROZEN / "ruff.toml").write_text('exclude = ["*"]\n')
    print(folder, sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()), "bytes")
    return 0


if __name__ == "__main__":
    if "--again" in sys.argv:  # while a format is still being made
        shutil.rmtree(FROZEN, ignore_errors=True)
    sys.exit(main())
