"""Every learner, fitted for real, passes the parity gate and answers the same from disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from modelwright.data.profile import Profile
from modelwright.learners import LEARNERS
from modelwright.package.bundle import open_version
from modelwright.package.parity import check_parity
from modelwright.package.writing import write_version
from modelwright.runtime import Plan
from tests.package.fitting import fitted, table
from tests.package.test_bundle import facts

NOTHING = Profile(n_rows=0, columns=())


@pytest.mark.parametrize("n_classes", [0, 2, 3])
@pytest.mark.parametrize("learner", sorted(LEARNERS))
def test_plan_and_library_agree_on_real_and_hostile_rows(learner: str, n_classes: int, tmp_path: Path) -> None:
    plan, checks, native = fitted([learner], n_classes)
    plan.save(tmp_path)
    result = check_parity(plan, Plan.load(tmp_path), checks, native)
    assert result.passed and result.native == (learner,)


def test_an_ensemble_on_a_transformed_target_serves_from_its_folder(tmp_path: Path) -> None:
    plan, checks, native = fitted(["lightgbm", "extra_trees", "linear"], 0, transform="log1p")
    found: list[float] = []

    def check(loaded: Plan) -> float:
        found.append(check_parity(plan, loaded, checks, native).max_difference)
        return found[0]

    write_version(tmp_path / "1", plan, facts=facts(), profile=NOTHING, seed=0, check=check)
    version = open_version(tmp_path / "1")
    assert version.manifest.parity_difference == found[0] <= 1e-6
    assert version.self_test().max_difference <= 1e-9
    assert set(version.manifest.libraries) == {"lightgbm", "msgspec", "numpy"}
    raw, _ = table(50, seed=1)
    answers, violations = version.predict(raw)
    assert answers["prediction"].shape == (50,) and (answers["prediction"] >= 0).all()
    assert {v.what for v in violations} <= {"out of range"}


def test_forests_and_linear_models_need_no_library_to_score(tmp_path: Path) -> None:
    plan, _, _ = fitted(["extra_trees", "linear", "mlp", "neighbours", "kernel"], 2)
    write_version(tmp_path / "1", plan, facts=facts(), profile=NOTHING, seed=0)
    code = """
import sys
from modelwright.package.bundle import open_version
version = open_version(sys.argv[1])
version.predict({"area": [50.0], "rooms": [3], "job": ["cook"], "garden": ["yes"], "since": ["2022-02-02"],
                 "note": ["bright new park"]})
print([n for n in "pandas sklearn scipy pyarrow lightgbm xgboost catboost duckdb".split() if n in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "1")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_rows_alone_and_together_are_answered_alike(tmp_path: Path) -> None:
    plan, checks, _ = fitted(["lightgbm", "linear"], 3)
    whole = plan.predict(checks)
    from modelwright.data.columns import take

    single = np.concatenate([plan.predict(take(checks, np.array([i]))) for i in range(0, len(whole), 7)])
    np.testing.assert_allclose(single, whole[::7], rtol=0, atol=1e-12)
