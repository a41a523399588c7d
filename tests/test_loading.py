"""What libraries take along when they are imported, and that our programs do without."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from modelwright.loading import hidden


def run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_hidden_packages_are_not_found_until_the_block_is_left() -> None:
    found = run(
        "import json\n"
        "from modelwright.loading import hidden\n"
        "with hidden('colorsys'):\n"
        "    try:\n"
        "        import colorsys\n"
        "    except ImportError as error:\n"
        "        told = error.name\n"
        "import colorsys\n"
        "print(json.dumps([told, colorsys.__name__]))"
    )
    assert found == ["colorsys", "colorsys"]


def test_what_is_loaded_stays() -> None:
    with hidden("pandas"):
        import pandas

    assert pandas is pd


LOAD = (
    "import json, sys\n"
    "from modelwright.loading import load_alone, own_process\n"
    "{ours}\n"
    "load_alone()\n"
    "import pyarrow as pa\n"
    "pa.array([1, 2]), pa.table({{'a': ['x', None]}})\n"
    "before = [m for m in ('pandas', 'sklearn', 'polars', 'scipy.stats', 'lightgbm') if m in sys.modules]\n"
)


def test_arrow_and_lightgbm_come_alone_and_arrow_still_finds_pandas_when_asked() -> None:
    code = LOAD.format(ours="own_process()") + (
        "made = pa.table({'a': ['x', None]}).to_pandas()\n"
        "back = pa.Table.from_pandas(made).column('a').to_pylist()\n"
        "print(json.dumps([before, back]))"
    )
    assert run(code) == [["lightgbm"], ["x", None]]


def test_nothing_is_hidden_in_a_process_of_the_user() -> None:
    assert run(LOAD.format(ours="") + "print(json.dumps(before))") == ["pandas"]


def test_an_audit_loads_no_table_library_but_arrow(tmp_path: Path) -> None:
    n, rng = 400, np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.choice(["x", "y"], n), "t": rng.choice(["no", "yes"], n)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    found = run(
        "import json, sys\n"
        f"sys.argv = ['modelwright', 'audit', {str(tmp_path / 't.csv')!r}, '--target', 't', '--quiet']\n"
        "from modelwright.cli import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as stop:\n"
        "    code = stop.code\n"
        "print(json.dumps([code, *(m for m in ('pandas', 'polars', 'scipy.stats', 'sklearn') if m in sys.modules)]))"
    )
    assert found == [0]


@pytest.mark.slow
def test_the_template_of_workers_has_no_thread_but_its_own() -> None:
    found = run(
        "import json, os, sys\n"
        "os.environ.update(OMP_NUM_THREADS='1', OPENBLAS_NUM_THREADS='1')\n"
        "from modelwright.engines.worker import NOT_NEEDED\n"
        "from modelwright.loading import hidden\n"
        "from modelwright.train.work import preload\n"
        "with hidden(*NOT_NEEDED):\n"
        "    preload()\n"
        "threads = len(os.listdir('/proc/self/task')) if sys.platform == 'linux' else 1\n"
        "print(json.dumps([threads, *(m for m in NOT_NEEDED if m in sys.modules)]))"
    )
    assert found == [1]
