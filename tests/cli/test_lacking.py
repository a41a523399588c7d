"""An installation for scoring and serving alone lacks libraries: the commands that need them say so."""

from __future__ import annotations

import json
import sys

import pytest

from modelwright.cli import main


@pytest.fixture
def without_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELWRIGHT_DEBUG", raising=False)
    for name in [n for n in sys.modules if n.partition(".")[0] == "psutil"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Lacking(), *sys.meta_path])


class _Lacking:
    """As if psutil were not installed."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "psutil":
            raise ModuleNotFoundError("No module named 'psutil'", name=name)


def test_a_library_that_is_missing_is_named(without_psutil: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["code"] == "MW-X002" and "'psutil'" in told["error"]


def test_a_fault_of_ours_is_no_missing_library(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from modelwright.cli.app import app

    def broken(**_: object) -> None:
        raise ModuleNotFoundError("No module named 'modelwright.nothing'", name="modelwright.nothing")

    monkeypatch.delenv("MODELWRIGHT_DEBUG", raising=False)
    monkeypatch.setattr(app, "main", broken)
    assert main(["doctor"]) == 1
    assert "MW-Z001" in capsys.readouterr().err
