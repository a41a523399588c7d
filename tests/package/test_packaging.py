"""The packaging stage: numbers versions, keeps what it measured, and leaves nothing behind when it fails."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from modelwright.documents import load, save
from modelwright.errors import BundleError
from modelwright.evaluate.measurements import Measurement
from modelwright.package.bundle import Version, open_version
from modelwright.package.golden import read_golden
from modelwright.package.packaging import Packaged, measure_latency, next_version, package
from modelwright.runtime import Plan
from tests.package.building import PROFILE, classifier, some_columns

DOCUMENTS = {
    "problem": SimpleNamespace(target="deposit", metric="roc_auc"),
    "evaluation": SimpleNamespace(
        headline=Measurement(name="roc_auc", value=0.8, low=0.7, high=0.9, n=100, method="DeLong")
    ),
    "source": SimpleNamespace(n_rows=1200),
}
DIGESTS = {"brief": "sha256:" + "1" * 64, "source": "sha256:" + "2" * 64}


def packaged(project: Path, plan: Plan | None = None, *, native: dict | None = None) -> Packaged:
    return package_and_open(project, plan, native=native)[0]


def package_and_open(
    project: Path, plan: Plan | None = None, *, native: dict | None = None
) -> tuple[Packaged, Version]:
    return package(
        project,
        plan or classifier(),
        documents=DOCUMENTS,
        digests=DIGESTS,
        profile=PROFILE,
        checks=some_columns(40),
        native=native or {},
        n_rows=1000,
        seed=0,
    )


def test_versions_are_numbered_from_one(tmp_path: Path) -> None:
    assert next_version(tmp_path) == 1
    first, second = packaged(tmp_path), packaged(tmp_path)
    assert (first.version, second.version, next_version(tmp_path)) == (1, 2, 3)
    assert first.path == "versions/1" and (tmp_path / first.path / "manifest.json").is_file()


def test_the_version_handed_on_is_the_one_on_disk(tmp_path: Path) -> None:
    done, version = package_and_open(tmp_path)
    opened = open_version(tmp_path / done.path, digest=version.digest)
    golden = read_golden(tmp_path / done.path)
    assert version.compiled is not None and opened.compiled is None
    assert version.self_test().max_difference <= 1e-12
    row = {name: values[0] for name, values in golden.rows.items()}
    assert version.predict_row(row) == opened.predict_row(row)


def test_the_document_holds_what_was_measured(tmp_path: Path) -> None:
    done = packaged(tmp_path)
    version = open_version(tmp_path / done.path, digest=done.digest)
    assert done.size_bytes == version.size_bytes > 1000
    assert 0 < done.latency_ms < 1000
    assert done.parity.passed and done.parity.n_rows == 40
    assert version.manifest.parity_difference == done.parity.max_difference
    assert version.manifest.documents == DIGESTS
    assert version.manifest.rows == {"in the source": 1200, "used": 1000}
    assert set(done.files) == {entry.name for entry in version.manifest.files}


def test_the_document_can_be_kept(tmp_path: Path) -> None:
    done = packaged(tmp_path)
    save(done, tmp_path / "packaged.json")
    assert load(tmp_path / "packaged.json", Packaged) == done


def test_no_version_exists_where_plan_and_library_disagree(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="MW-B119"):
        packaged(tmp_path, native={"constant": np.full((40, 2), 0.5)})
    assert list((tmp_path / "versions").iterdir()) == []


def test_what_is_left_of_a_broken_attempt_is_no_version(tmp_path: Path) -> None:
    (tmp_path / "versions" / ".1.999.tmp").mkdir(parents=True)
    (tmp_path / "versions" / "notes").mkdir()
    assert packaged(tmp_path).version == 1


def test_latency_is_a_median_over_single_rows(tmp_path: Path) -> None:
    version = open_version(tmp_path / packaged(tmp_path).path)
    assert 0 < measure_latency(version, calls=20) < 100
