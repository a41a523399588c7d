"""Tables, and ways to call the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROWS = 120
COMMAND = (sys.executable, "-m", "modelwright")


def table(rows: int = ROWS, *, target: str = "yes_no", seed: int = 0) -> str:
    """Return a CSV with two numbers, a category and a target."""
    rng = np.random.default_rng(seed)
    lines = ["age,income,city,target"]
    for i in range(rows):
        age, income = rng.integers(18, 80), rng.normal(50, 10)
        values = {
            "yes_no": "yes" if income + rng.normal(0, 5) > 50 else "no",
            "number": f"{income + 0.5 * age + 10 * (i % 3 == 0) + rng.normal(0, 3):.3f}",
            "noise": f"{rng.normal():.3f}",
            "one_class": "yes",
            "empty": "",
            "own_class": f"class {i}",
            "infinite": "inf",
        }
        lines.append(f"{age},{income:.2f},{'abc'[i % 3]},{values[target]}")
    return "\n".join(lines) + "\n"


def shell(*arguments: str | Path, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(),
        stdin=subprocess.DEVNULL,
        **options,
    )


def environment() -> dict[str, str]:
    """Return the environment of a user who has set nothing, on one thread for each library."""
    kept = {k: v for k, v in os.environ.items() if k not in {"MODELWRIGHT_DEBUG", "PYTHONWARNINGS"}}
    return kept | {"OMP_NUM_THREADS": "1", "COLUMNS": "120"}


def one_object(text: str) -> dict[str, Any]:
    """Return the one JSON object that is all of a text."""
    lines = text.splitlines()
    assert len(lines) == 1, text
    told = json.loads(lines[0])
    assert isinstance(told, dict)
    return told
