"""``sign`` and ``verify`` as people and machines meet them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from modelwright.cli import main

from .helpers import one_object


def told(capsys: pytest.CaptureFixture[str], *arguments: str | Path, code: int = 0) -> dict:
    assert main([*map(str, arguments), "--json"]) == code
    shown = capsys.readouterr()
    assert shown.err == ""
    return one_object(shown.out)


@pytest.fixture
def signed(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The project, its champion signed with ``key.pem`` beside it."""
    assert main(["sign", str(project), "--key", str(tmp_path / "key.pem"), "--make-key", "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    return project


def test_verify_without_a_signature(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "verify", project)
    assert found["version"] == 1 and found["signature"] is None and found["digest"].startswith("sha256:")
    assert found["golden"]["n_rows"] > 10 and found["golden"]["max_difference"] <= found["golden"]["tolerance"]
    assert told(capsys, "verify", project / "versions" / "1") == {**found, "folder": str(project / "versions" / "1")}
    assert main(["verify", str(project), "--version", "1"]) == 0
    shown = capsys.readouterr().out
    assert "version 1 is intact" in shown and "signature: not checked: no key was named" in shown
    assert "golden requests: " in shown


def test_sign_and_verify(signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    found = told(capsys, "verify", signed, "--public-key", tmp_path / "key.pem.pub", "--require-signature")
    again = told(capsys, "sign", signed / "versions" / "1", "--key", key)
    assert found["signature"] == {k: again[k] for k in ("key", "curve", "files")} and again["public_key"] is None
    assert found["files"] == again["files"]
    assert main(["verify", str(signed), "--public-key", f"{key}.pub"]) == 0
    shown = capsys.readouterr().out
    assert f"signature: by the key {again['key'][:16]}…" in shown
    assert f"is intact: {again['files']} files with its manifest and seal, " in shown
    assert main(["sign", str(signed), "--key", str(key)]) == 0
    assert f": {again['files']} files with its manifest and seal, by the key" in capsys.readouterr().out
    assert main(["predict", str(signed), str(tmp_path / "nowhere.csv")]) == 2  # a signed version is still a version
    assert "nowhere.csv" in capsys.readouterr().err


def test_promoting_what_another_key_has_signed(
    signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    from modelwright.project import Project

    for number in (2, 3, 4):
        shutil.copytree(signed / "versions" / "1", signed / "versions" / str(number))
    (signed / "versions" / "2" / "model.sig").unlink()
    other = ["sign", str(signed / "versions" / "3"), "--key", str(tmp_path / "other.pem"), "--make-key", "--quiet"]
    assert main(other) == 0
    capsys.readouterr()
    assert main(["promote", str(signed), "4"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["promote", str(signed), "3"]) == 0
    shown = capsys.readouterr()
    assert "note: version 3 is signed by another key (" in shown.err and "than version 4" in shown.err
    assert "version 3 is the champion" in shown.out
    assert "another key" in Project(signed).ledger.entries()[-1].body["doubt"]
    (note,) = told(capsys, "promote", signed, "2")["notes"]
    assert note == "version 2 is not signed, version 3, the champion until now, is"
    assert told(capsys, "promote", signed, "1")["notes"] == []  # from unsigned to signed is no loss


def test_a_key_with_a_password(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODELWRIGHT_KEY_PASSWORD", "very secret")
    key = tmp_path / "key.pem"
    made = told(capsys, "sign", project, "--key", key, "--make-key")
    assert made["public_key"] == f"{key}.pub" and b"ENCRYPTED" in key.read_bytes()
    monkeypatch.delenv("MODELWRIGHT_KEY_PASSWORD")
    assert told(capsys, "sign", project, "--key", key, code=2)["code"] == "MW-U060"


def test_what_is_refused(signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, public = tmp_path / "key.pem", tmp_path / "key.pem.pub"
    assert told(capsys, "sign", signed, "--key", key, "--make-key", code=2)["code"] == "MW-U061"
    assert told(capsys, "verify", signed, "--require-signature", code=2)["code"] == "MW-U062"
    assert told(capsys, "verify", signed / "versions" / "1", "--version", "1", code=2)["code"] == "MW-U063"
    assert told(capsys, "verify", signed, "--version", "7", code=1)["code"] == "MW-P025"
    assert told(capsys, "verify", tmp_path, code=2)["code"] == "MW-P020"
    assert told(capsys, "verify", signed, "--public-key", key, code=2)["code"] == "MW-U060"
    golden = signed / "versions" / "1" / "golden.json"
    golden.chmod(0o644)
    golden.write_bytes(golden.read_bytes().replace(b"1", b"2"))
    assert told(capsys, "verify", signed, code=1)["code"] == "MW-B107"
    assert told(capsys, "verify", signed, "--public-key", public, code=1)["code"] == "MW-B107"
    (signed / "versions" / "1" / "model.sig").unlink()
    assert told(capsys, "verify", signed, "--public-key", public, code=1)["code"] == "MW-B120"
    assert told(capsys, "verify", code=2)["code"].startswith("MW-U")
