"""Versions that the tests of monitoring share; making one takes a second."""

from __future__ import annotations

import pytest

from modelwright.package.bundle import Version
from tests.monitor import making


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """A classifier with a reference."""
    return making.version(tmp_path_factory.mktemp("classifier") / "1")


@pytest.fixture(scope="session")
def regressor(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """A model of values with a reference."""
    return making.version(tmp_path_factory.mktemp("regressor") / "1", classify=False)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """A classifier as earlier releases made it, with a profile alone."""
    return making.version(tmp_path_factory.mktemp("plain") / "1", with_reference=False)
