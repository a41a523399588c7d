"""What the doctor says of what is wrong. That all is well here, the tests of the commands say."""

from __future__ import annotations

import importlib
import importlib.metadata
from pathlib import Path

import pytest

from modelwright import doctor
from modelwright.cli import main
from modelwright.doctor import Check

from .cli.helpers import one_object


@pytest.fixture
def versions(monkeypatch):
    """Pretend that these distributions are installed in these versions; None: not at all."""
    real = importlib.metadata.version

    def pretend(**wanted: str | None) -> None:
        def version(name: str) -> str:
            told = wanted[name.replace("-", "_")] if name.replace("-", "_") in wanted else real(name)
            if told is None:
                raise importlib.metadata.PackageNotFoundError(name)
            return told

        monkeypatch.setattr(importlib.metadata, "version", version)

    return pretend


def test_a_library_that_cannot_be_imported(monkeypatch):
    def broken(name: str) -> None:
        raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(importlib, "import_module", broken)
    check = doctor._library("lightgbm", "lightgbm", None)
    assert not check.ok and "cannot be imported: libgomp.so.1" in check.found and "libgomp1" in check.fix


def test_a_library_that_is_not_there(versions):
    versions(nonsense=None)
    check = doctor._library("nonsense", "nonsense", "1.0")
    assert check == Check(name="nonsense", ok=False, found="not installed", fix="pip install 'nonsense'")


@pytest.mark.parametrize(("version", "ok"), [("4.4.9", False), ("4.5", True), ("4.5.0rc1", True), ("10.0", True)])
def test_a_library_that_is_old(versions, version, ok):
    versions(lightgbm=version)
    check = doctor._library("lightgbm", "lightgbm", "4.5")
    assert check.ok is ok and ("older than 4.5" in check.found) is not ok


def test_a_module_of_another_distribution(versions):
    versions(xgboost_cpu=None, xgboost="3.0")
    assert doctor._library("xgboost-cpu", "xgboost", "99").ok
    assert doctor._one_xgboost().ok


def test_two_distributions_of_one_module(versions):
    versions(xgboost_cpu="3.0", xgboost="3.0")
    check = doctor._one_xgboost()
    assert not check.ok and "pip uninstall" in check.fix


def test_least_versions_are_those_of_the_package():
    least = doctor._least_versions()
    assert least.get("lightgbm") and set(least) >= set(doctor.LIBRARIES) - {"xgboost-cpu"}


@pytest.mark.parametrize("path", [Path("/nowhere/at/all"), Path("/proc")])
def test_a_folder_that_cannot_be_written(path):
    check = doctor._folder("this folder", lambda: path)
    assert not check.ok and "cannot be written" in check.found


def test_little_memory_and_disk(monkeypatch):
    monkeypatch.setattr("modelwright.train.memory.available_bytes", lambda: 10**9)
    monkeypatch.setattr(doctor, "LEAST_DISK", 10**18)
    assert not doctor._machine().ok and not doctor._folder("x", Path.cwd).ok


def test_what_is_wrong_is_told(monkeypatch, capsys):
    wrong = Check(name="lightgbm", ok=False, found="not installed", fix="pip install lightgbm")
    optional = Check(name="polars", ok=False, found="not installed", fix="pip install polars", needed=False)
    monkeypatch.setattr(doctor, "examine", lambda: (Check(name="python", ok=True, found="3.12"), optional))
    assert main(["doctor"]) == 0
    monkeypatch.setattr(doctor, "examine", lambda: (Check(name="python", ok=True, found="3.12"), wrong, optional))
    capsys.readouterr()
    assert main(["doctor", "--quiet"]) == 1
    shown = capsys.readouterr().out
    assert "BAD  lightgbm: not installed\n       pip install lightgbm" in shown and "python" not in shown
    assert main(["doctor", "--json"]) == 1
    assert one_object(capsys.readouterr().out)["healthy"] is False
