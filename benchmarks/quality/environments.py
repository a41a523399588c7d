"""Environments of the systems that are compared: each peer has its own, and none ever enters Modelwright's.

    python benchmarks/quality/environments.py FOLDER [--systems catboost,autogluon]

Installs what is not there yet and prints one line a system. Requirements are installed in steps, in the order given:
PyTorch first and pinned, so that nothing brings another build of it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["REQUIREMENTS", "prepare"]

TORCH = "torch==2.13.0"
REQUIREMENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "catboost": (("catboost==1.2.10", "pandas", "pyarrow", "scikit-learn"),),
    "lightgbm": (("lightgbm==4.7.0", "pandas", "pyarrow", "scikit-learn"),),
    "flaml": (("flaml[automl]==2.7.*", "pandas", "pyarrow", "catboost"),),
    "mljar": (("mljar-supervised==1.3.*", "pyarrow"),),
    "lightautoml": ((TORCH,), (TORCH, "lightautoml==0.4.*", "pyarrow")),
    "autogluon": ((TORCH,), (TORCH, "autogluon.tabular[all]==1.6.*", "pyarrow")),
}
"""By the name of an environment: what each step installs. A step is one call of the installer."""

STAMP = ".requirements"
SECONDS = 3600
MOST_TOLD = 800


def prepare(name: str, folder: Path) -> Path:
    """Return the Python of an environment below ``folder``, installed where it is not there yet.

    Raises
    ------
    RuntimeError
        It cannot be installed; the message ends with what the installer said.
    """
    place = (folder / name).resolve()
    python, stamp = place / "bin" / "python", place / STAMP
    wanted = "\n".join(" ".join(step) for step in REQUIREMENTS[name])
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    for step in REQUIREMENTS[name]:
        command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *step]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        if done.returncode:
            shutil.rmtree(place, ignore_errors=True)
            raise RuntimeError(f"'{name}' cannot be installed: {done.stderr[-MOST_TOLD:]}")
    stamp.write_text(wanted)
    return python


def main(words: Sequence[str] | None = None) -> int:
    """Install the environments that are asked for; 1 where one cannot be had."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--systems", default=",".join(REQUIREMENTS))
    asked = parser.parse_args(words)
    failed = 0
    for name in asked.systems.split(","):
        try:
            print(f"{name}: {prepare(name, asked.folder)}", flush=True)
        except RuntimeError as error:
            failed = 1
            print(error, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
