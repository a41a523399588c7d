"""Record what the frozen project answers: ``python -m tests.make_frozen_project``, once, on the day it was made.

The project in ``tests/frozen_project`` is what ``modelwright run`` left on ``first.csv``, less its pages. Nothing of it
is ever made again: when a later release cannot read it, the reader is to be mended.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

FROZEN = Path(__file__).parent / "frozen_project"
RECORDED = FROZEN / "recorded.json"


def answers(folder: Path) -> dict[str, Any]:
    """Return what a project says of the rows that came later: every extra of the answers."""
    import pyarrow.csv as csv

    from modelwright import open_version

    rows = csv.read_csv(FROZEN / "later.csv").to_pylist()
    found, told = open_version(folder / "versions" / "1").predict(
        rows, interval=0.9, abstain=0.2, unusual=True, reasons=3
    )
    return {
        "predict": {name: values.tolist() for name, values in found.items()},
        "violations": sorted({f"{v.what} {v.column}" for v in told}),
    }


if __name__ == "__main__":
    import shutil

    if RECORDED.exists():
        print(f"{RECORDED} exists; what a frozen project answers is never recorded again")
    else:
        with tempfile.TemporaryDirectory() as place:
            shutil.copytree(FROZEN / "project", Path(place) / "project")
            RECORDED.write_text(json.dumps(answers(Path(place) / "project"), indent=1) + "\n")
