"""An export is run from another language: Node with onnxruntime-web, calibration in JavaScript.

``score.mjs`` is the example of the documentation. The library comes from npm into a temporary folder; where there is
no Node, no npm or no network, the tests say so and are skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from modelwright.package.exports import export
from modelwright.runtime import Plan
from modelwright.runtime.calibrators import Beta, Identity, Isotonic, Sigmoid, Temperature, Vector
from tests.package.building import classifier
from tests.package.exports.graphs import version_of
from tests.package.fitting import fitted

HERE = Path(__file__).parent
TOLERANCE = 1e-6
SECONDS = 240  # for npm on a slow network

pytest.importorskip("onnxruntime")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the script and its library."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "score.mjs"):
        shutil.copy(HERE / name, folder)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip("npm does not answer in time")
    if done.returncode:
        pytest.skip(f"npm cannot install onnxruntime-web: {done.stderr.strip()[-200:]}")
    return folder


def scored(node: Path, export_folder: Path) -> dict[str, float]:
    done = subprocess.run(
        ["node", "score.mjs", str(export_folder)], cwd=node, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return told


def check(node: Path, plan: Plan, folder: Path) -> None:
    export(version_of(plan, folder), "onnx", folder / "out")
    told = scored(node, folder / "out")
    assert told["rows"] == 20 and told["labels"] == 0
    assert max(told["uncalibrated"], told["alone"], told["calibrated"]) <= TOLERANCE


@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_an_ensemble_of_every_kind_of_model(node: Path, n_classes: int, tmp_path: Path) -> None:
    names = ["lightgbm", "xgboost", "catboost", "extra_trees", "linear", "mlp", "neighbours", "kernel"]
    plan, _, _ = fitted(names, n_classes, transform="identity" if n_classes else "log1p")
    check(node, plan, tmp_path)


@pytest.mark.parametrize(
    "calibrator",
    [
        Identity(),
        Temperature(1.5),
        Sigmoid(1.25, -0.5),
        Beta(1.5, 0.5, 0.25),
        Isotonic((0.0, 0.2, 0.55, 1.0), (0.01, 0.3, 0.5, 0.99)),
        Vector((1.5, 0.75), (0.25, -0.5)),
    ],
    ids=lambda c: c.kind,
)
def test_every_calibrator_in_javascript(node: Path, calibrator: object, tmp_path: Path) -> None:
    check(node, classifier(calibrator=calibrator), tmp_path)


@pytest.mark.parametrize("calibrator", [Temperature(1.5), Vector((1.5, 0.75, 1.0), (0.25, -0.5, 0.0))], ids=["t", "v"])
def test_calibrators_of_three_classes(node: Path, calibrator: object, tmp_path: Path) -> None:
    from dataclasses import replace

    plan, _, _ = fitted(["linear"], 3)
    check(node, replace(plan, calibrator=calibrator), tmp_path)  # type: ignore[arg-type]


def test_a_real_run_from_the_command_line(node: Path, tmp_path: Path) -> None:
    from tests.cli.helpers import shell, table

    (tmp_path / "train.csv").write_text(table(300))
    made = shell("run", "train.csv", "--target", "target", "--trials", "4", "--project", "made", "-q", cwd=tmp_path)
    assert made.returncode in (0, 3), made.stderr
    done = shell("export", "made", "--to", "onnx", "--version", "1", "-o", "out", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["version"] == 1 and "model.onnx" in told["files"] and told["notes"]
    found = scored(node, tmp_path / "out")
    assert found["labels"] == 0 and found["calibrated"] <= TOLERANCE
    again = shell("export", "made", "--to", "onnx", "-o", "out", cwd=tmp_path)
    assert again.returncode == 2 and "MW-U702" in again.stderr
