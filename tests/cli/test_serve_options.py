"""How ``modelwright serve`` is told what to do: by options, by variables in their place, by what platforms set."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelwright.cli import main
from modelwright.serve.log import Mode
from modelwright.serve.settings import Settings


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "manifest.json").write_text("{}")
    return tmp_path / "model"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that the server would have begun with."""
    found: list[Settings] = []

    def serve(settings: Settings, *, started: object) -> int:
        found.append(settings)
        return 0

    monkeypatch.setattr("modelwright.serve.server.serve", serve)
    for name in ("PORT", "AIP_HTTP_PORT", "SAGEMAKER_BIND_TO_PORT", "AIP_STORAGE_URI", "AZUREML_MODEL_DIR"):
        monkeypatch.delenv(name, raising=False)
    return found


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["serve", *arguments])
    return int(ended.value.code or 0)


def test_by_default_this_machine_alone(place: Path, asked: list[Settings]) -> None:
    assert run(str(place)) == 0
    assert (asked[0].host, asked[0].port, asked[0].workers, asked[0].insecure) == ("127.0.0.1", 8080, 1, False)


def test_variables_stand_for_options(place: Path, asked: list[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"WORKERS": "3", "INSECURE": "1", "LOG": "sampled", "MASK": "job age", "VERSION": "2", "MAX_BODY": "2",
             "ALLOW_HOST": "a.example b.example", "RATE": "", "PUBLIC_KEY": "/keys/release.pub"}  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(f"MODELWRIGHT_SERVE_{name}", value)
    assert run(str(place)) == 0
    settings = asked[0]
    assert (settings.workers, settings.insecure, settings.version) == (3, True, 2)
    assert settings.log.mode is Mode.SAMPLED and settings.log.masked == ("job", "age")
    assert settings.limits.body_bytes == 2 << 20 and settings.hosts == ("a.example", "b.example")
    assert settings.rate is None and settings.public_key == Path("/keys/release.pub")


def test_an_option_counts_more_than_its_variable(
    place: Path, asked: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWRIGHT_SERVE_WORKERS", "3")
    monkeypatch.setenv("MODELWRIGHT_SERVE_INSECURE", "0")
    assert run(str(place), "--workers", "2") == 0
    assert asked[0].workers == 2 and asked[0].insecure is False


def test_a_variable_that_is_no_number_is_refused(
    place: Path, asked: list[Settings], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODELWRIGHT_SERVE_WORKERS", "many")
    assert main(["serve", str(place)]) == 2
    assert "workers" in capsys.readouterr().err and not asked


def test_in_a_container_others_are_to_reach_it(
    place: Path, asked: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_DIR", str(place.parent))  # one level above, as some platforms unpack
    monkeypatch.setenv("PORT", "9000")
    assert run() == 0
    assert (asked[0].host, asked[0].port, asked[0].place) == ("0.0.0.0", 9000, place)
