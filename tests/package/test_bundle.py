"""A version in use: written once, opened anywhere, and the same answers for ever."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.errors import BundleError, ContractError, DataError, ProjectError
from modelwright.evaluate.measurements import Measurement
from modelwright.package.bundle import Version, open_version
from modelwright.package.golden import HOSTILE, read_golden
from modelwright.package.writing import Facts, write_version
from modelwright.runtime import Plan
from tests.package.building import PROFILE, classifier, raw_rows, regressor

SCORE = Measurement(name="roc_auc", value=0.81, low=0.78, high=0.84, n=400, method="DeLong")


def facts(version: int = 1) -> Facts:
    return Facts(
        version=version,
        target="deposit",
        metric="roc_auc",
        score=SCORE,
        documents={"brief": "sha256:" + "0" * 64},
        rows={"used": 1000},
        created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("project") / "versions" / "1"
    write_version(place, classifier(), facts=facts(), profile=PROFILE, seed=0)
    return place


@pytest.fixture(scope="module")
def version(folder: Path) -> Version:
    return open_version(folder)


def test_a_version_holds_what_it_should_and_nothing_else(folder: Path) -> None:
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert found == {
        "manifest.json",
        "manifest.sha256",
        "contract.json",
        "plan.json",
        "plan.npz",
        "model/m000.npz",
        "model/m001.npz",
        "profile.json",
        "golden.json",
        "requirements-runtime.txt",
        "requirements.txt",
        "python_env.yaml",
        "MLmodel",
        "README.md",
        "sbom.cdx.json",
    }
    assert [p.name for p in folder.parent.iterdir()] == ["1"]


def test_files_are_read_only(folder: Path) -> None:
    assert {p.stat().st_mode & 0o777 for p in folder.rglob("*") if p.is_file()} == {0o444}


def test_the_manifest_says_what_it_is(version: Version) -> None:
    manifest = version.manifest
    assert (manifest.format, manifest.version, manifest.created) == (1, 1, "2026-01-02T03:04:05Z")
    assert (manifest.objective, manifest.target, manifest.metric) == ("classify", "deposit", "roc_auc")
    assert manifest.score == SCORE and manifest.rows == {"used": 1000}
    assert set(manifest.libraries) == {"numpy", "msgspec"} and manifest.licences["numpy"].startswith("BSD")
    assert version.size_bytes == sum(e.size for e in manifest.files) < 30_000


def test_the_same_version_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_version(tmp_path / "1", classifier(), facts=facts(), profile=PROFILE, seed=0)
    assert (tmp_path / "1" / "manifest.sha256").read_bytes() == (folder / "manifest.sha256").read_bytes()


def test_outside_tools_can_check_the_seal(folder: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("no sha256sum on this system")
    done = subprocess.run(["sha256sum", "-c", "manifest.sha256"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_it_predicts_what_the_plan_says(version: Version) -> None:
    rows = raw_rows(30)
    answers, violations = version.predict(rows)
    columns = {
        "age": np.array([math.nan if v is None else v for v in rows["age"]], float),
        "balance": np.array(rows["balance"], float),
        "job": Strings.from_values(rows["job"]),
    }
    assert {v.what for v in violations} <= {"out of range"}
    assert list(answers) == ["prediction", "probability_no", "probability_yes"]
    np.testing.assert_allclose(answers["probability_yes"], classifier().predict(columns)[:, 1], atol=1e-12)
    single = [version.predict({k: [v[i]] for k, v in rows.items()})[0]["probability_yes"][0] for i in range(30)]
    np.testing.assert_allclose(answers["probability_yes"], single, atol=1e-12)


def test_every_form_of_table_gives_the_same_answers(version: Version, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pd = pytest.importorskip("pandas")
    rows = raw_rows(20)
    expected = version.predict(rows)[0]["probability_yes"]
    frame = pd.DataFrame(rows)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    records = [{name: values[i] for name, values in rows.items()} for i in range(20)]
    forms = [records, pa.table(rows), frame, str(tmp_path / "rows.csv"), tmp_path / "rows.csv"]
    try:
        import polars as pl
    except ImportError:
        pass
    else:
        forms.append(pl.DataFrame(rows))
    for form in forms:
        np.testing.assert_allclose(version.predict(form)[0]["probability_yes"], expected, atol=1e-12)


def test_a_sample_of_a_large_file_is_no_answer(
    version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelwright.data import reading

    rows = "\n".join(["age,balance,job", *(f"{20 + i % 60},{i}.5,admin" for i in range(200_000))])
    (tmp_path / "rows.csv").write_text(rows)
    monkeypatch.setattr(reading, "_default_memory", lambda: 100_000)
    with pytest.raises(DataError, match=r"does not fit in memory: 200,000 rows .* MW-D601"):
        version.predict(tmp_path / "rows.csv")


def test_rows_that_break_the_contract_are_told_or_refused(version: Version) -> None:
    rows = {**raw_rows(10), "colour": ["red"] * 10}
    rows["job"][0] = "astronaut"
    answers, violations = version.predict(rows)
    assert len(answers["prediction"]) == 10
    assert {(v.what, v.column) for v in violations} >= {("unknown column", "colour"), ("new level", "job")}
    with pytest.raises(ContractError, match="'job'"):
        version.predict({k: v for k, v in rows.items() if k != "job"})


def test_no_rows_give_no_answers(version: Version) -> None:
    answers, _ = version.predict({"age": [], "balance": [], "job": []})
    assert [len(a) for a in answers.values()] == [0, 0, 0]


def test_golden_requests_are_answered_as_recorded(version: Version) -> None:
    golden = read_golden(version.folder)
    assert golden.about.count("ordinary") >= 10 and set(HOSTILE) <= set(golden.about)
    assert all(v[golden.about.index("all missing")] is None for v in golden.rows.values())
    result = version.self_test()
    assert result.tolerance == 1e-9 and result.max_difference <= 1e-12 and result.n_rows == len(golden.about)


def test_other_answers_than_recorded_are_noticed(version: Version) -> None:
    other = Version(
        folder=version.folder, manifest=version.manifest, digest=version.digest, plan=classifier(calibrator=None)
    )
    with pytest.raises(BundleError, match="MW-B118"):
        other.self_test()


def test_another_machine_may_round_otherwise(version: Version) -> None:
    import dataclasses

    moved = dataclasses.replace(version, manifest=dataclasses.replace(version.manifest, platform="plan9-sparc"))
    assert moved.self_test().tolerance == 1e-6


def test_the_profile_is_of_the_columns_used_and_the_target_alone(version: Version) -> None:
    assert [c.name for c in version.profile.columns] == ["age", "balance", "job", "deposit"]
    assert "dropped column" not in (version.folder / "profile.json").read_text()


def test_a_version_works_from_another_folder(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(folder, moved)
    assert open_version(moved).self_test().max_difference <= 1e-12


def test_the_bill_of_materials_names_the_libraries(folder: Path) -> None:
    bill = json.loads((folder / "sbom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    names = {c["name"]: c for c in bill["components"]}
    assert set(names) == {"numpy", "msgspec", "modelwright"}
    assert names["numpy"]["purl"] == f"pkg:pypi/numpy@{np.__version__}"
    assert f"numpy=={np.__version__}" in (folder / "requirements-runtime.txt").read_text()


def test_the_readme_says_how_to_use_it(folder: Path) -> None:
    text = (folder / "README.md").read_text()
    assert "predicts `deposit`" in text and "open_version(" in text and "roc_auc 0.81 (0.78 to 0.84)" in text
    assert "| `job` | category |" in text


def test_a_version_never_changes(folder: Path) -> None:
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(ProjectError, match="MW-P401"):
        write_version(folder, regressor(), facts=facts(), profile=PROFILE, seed=1)
    assert (folder / "manifest.json").read_bytes() == before


def test_a_failing_check_leaves_nothing(tmp_path: Path) -> None:
    def check(loaded: Plan) -> float:
        raise BundleError("they differ", fix="nothing", code="MW-B119")

    with pytest.raises(BundleError):
        write_version(tmp_path / "versions" / "1", classifier(), facts=facts(), profile=PROFILE, seed=0, check=check)
    assert list((tmp_path / "versions").iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ProjectError, match=r"No space left on device .* MW-P402"):
        write_version(tmp_path / "1", classifier(), facts=facts(), profile=PROFILE, seed=0)
    assert list(tmp_path.iterdir()) == []


# what scoring needs


def run(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(folder)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_scoring_a_mapping_needs_numpy_and_nothing_else(folder: Path) -> None:
    out = run(
        """
        import sys
        from modelwright.package.bundle import open_version
        version = open_version(sys.argv[1])
        rows = {"age": [30, None], "balance": [1.5, 2.5], "job": ["admin", "new one"]}
        print(version.predict(rows)[0]["prediction"])
        heavy = "pandas sklearn scipy pyarrow duckdb lightgbm xgboost catboost matplotlib joblib polars".split()
        print([name for name in heavy if name in sys.modules])
        """,
        folder,
    )
    assert out.strip().endswith("[]"), out


def test_nothing_is_unpickled(folder: Path) -> None:
    out = run(
        """
        import pickle, sys
        import numpy
        def forbidden(*args, **kwargs):
            raise AssertionError("something was unpickled")
        class Unpickler:
            def __init__(self, *args, **kwargs):
                forbidden()
        import _pickle
        for module in (pickle, _pickle):
            module.load = module.loads = forbidden
            module.Unpickler = Unpickler
        pickle._Unpickler = Unpickler
        numpy.lib.format.pickle = pickle
        from modelwright.package.bundle import open_version
        version = open_version(sys.argv[1])
        version.predict({"age": [30], "balance": [1.5], "job": ["admin"]})
        version.self_test()
        print("fine")
        """,
        folder,
    )
    assert out.strip() == "fine"
