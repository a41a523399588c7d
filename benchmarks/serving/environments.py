"""Environments for the peers, each its own: none of them ever enters the environment of Modelwright."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS: dict[str, tuple[str, ...]] = {
    "fastapi": ("scikit-learn", "lightgbm", "pandas", "fastapi", "uvicorn[standard]", "pydantic"),
    "mlflow": ("mlflow==3.17.*", "scikit-learn", "lightgbm"),
    "bentoml": ("bentoml", "scikit-learn", "lightgbm", "pandas"),
    "autogluon": ("autogluon.tabular[lightgbm]",),
}
STAMP = ".requirements"
SECONDS = 1800


def prepare(name: str, folder: Path) -> Path:
    """Return the Python of a peer's environment below ``folder``, installing it where it is not there yet.

    Raises
    ------
    RuntimeError
        It cannot be installed; the message ends with what the installer said.
    """
    place = folder / name
    wanted = "\n".join(REQUIREMENTS[name])
    stamp = place / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return place / "bin" / "python"
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    python = str(place / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    tries = [[uv, "pip", "install", "-q", "--compile-bytecode", "--python", python], pip] if uv else [pip]
    for command in tries:
        done = subprocess.run([*command, *REQUIREMENTS[name]], capture_output=True, text=True, timeout=SECONDS)
        if done.returncode == 0:
            stamp.write_text(wanted)
            return Path(python)
    shutil.rmtree(place, ignore_errors=True)
    raise RuntimeError(f"'{name}' cannot be installed: {done.stderr[-500:]}")
