"""A small project, trained once for all tests that only use it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from modelwright.cli import main

from .helpers import table


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``train.csv`` and the project ``made`` in it, version 1 its champion."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "train.csv").write_text(table(150, target="number"))
    made = folder / "made"
    arguments = ["run", str(folder / "train.csv"), "--target", "target", "--trials", "1", "--project", str(made)]
    assert main([*arguments, "--quiet"]) == 0
    return folder


@pytest.fixture
def project(trained: Path, tmp_path: Path) -> Path:
    """A copy of the project that the test may change."""
    shutil.copytree(trained / "made", tmp_path / "made")
    return tmp_path / "made"
