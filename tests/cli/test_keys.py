"""``modelwright keys``: what a terminal and a script see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelwright.cli import main
from modelwright.serve.access import Access
from modelwright.serve.keys import ENVIRONMENT, FILE_NAME, Scope

from .helpers import one_object, shell


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A project without a run: keys need none."""
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "ledger.jsonl").touch()
    return tmp_path / "made"


def opens(project: Path, token: str, scope: Scope, **environment: str) -> bool:
    from modelwright.errors import RequestError

    try:
        Access.of(project, environment).check({"x-api-key": token}, scope)
    except RequestError:
        return False
    return True


def test_the_key_alone_is_on_standard_output(empty: Path) -> None:
    done = shell(
        "keys", "add", "made", "--name", "nightly", "--scope", "predict", "--scope", "feedback", cwd=empty.parent
    )
    assert done.returncode == 0
    token = done.stdout.strip()
    assert done.stdout == f"{token}\n" and "only time" in done.stderr and token not in done.stderr
    assert opens(empty, token, Scope.PREDICT) and opens(empty, token, Scope.FEEDBACK)
    assert not opens(empty, token, Scope.READ)
    assert token.encode() not in (empty / FILE_NAME).read_bytes()


def test_json_of_add_list_and_revoke(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "add", str(empty), "--name", "a", "--expires", "90d", "--json"]) == 0
    added = one_object(capsys.readouterr().out)
    assert added["scopes"] == ["predict"] and added["expires"] and added["state"] == "in use" and not added["hash"]
    assert main(["keys", "list", str(empty), "--json"]) == 0
    raw = capsys.readouterr().out
    (listed,) = one_object(raw)["keys"]
    assert listed["id"] == added["id"] and added["key"] not in raw and "digest" not in listed
    assert main(["keys", "revoke", str(empty), added["id"], "--json"]) == 0
    assert one_object(capsys.readouterr().out)["state"] == "revoked"
    assert not opens(empty, added["key"], Scope.PREDICT)


def test_a_hash_for_the_environment_leaves_nothing_in_the_project(
    empty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "add", str(empty), "--name", "pod", "--scope", "read", "--print-hash", "-q"]) == 0
    token, hashed = capsys.readouterr().out.splitlines()
    assert not (empty / FILE_NAME).exists() and token not in hashed
    assert opens(tmp_path, token, Scope.READ, **{ENVIRONMENT: hashed})


def test_the_list_for_people(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "list", str(empty)]) == 0
    assert capsys.readouterr().out == "no key yet\n"
    main(["keys", "add", str(empty), "--name", "one", "-q"])
    main(["keys", "add", str(empty), "--name", "two", "--expires", "1h", "-q"])
    main(["keys", "revoke", str(empty), "one"])
    capsys.readouterr()
    main(["keys", "list", str(empty)])
    one, two = capsys.readouterr().out.splitlines()
    assert "one" in one and "revoked" in one and "two" in two and "until" in two


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["add", "--name", "a", "--scope", "everything"], "MW-U042"),
        (["add", "--name", "a", "--expires", "soon"], "MW-U046"),
        (["add", "--name", ""], "MW-U040"),
        (["revoke", "nobody"], "MW-U045"),
    ],
)
def test_bad_usage(empty: Path, arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, *rest = arguments
    assert main(["keys", command, str(empty), *rest, "--json"]) == 2
    assert one_object(capsys.readouterr().out)["code"] == code
    assert not (empty / FILE_NAME).exists()


def test_no_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "add", str(tmp_path), "--name", "a", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "MW-P020"
