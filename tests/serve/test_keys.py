"""Keys: how they are made, kept, revoked and given by the environment."""

from __future__ import annotations

import json
import os
import re
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.errors import ProjectError, UsageError
from modelwright.serve.keys import (
    FILE_NAME,
    TOKEN_LENGTH,
    KeyFile,
    Scope,
    digest_of_token,
    id_of_token,
    make_key,
    parse_lifetime,
    printed,
    read_environment,
)


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / FILE_NAME)


def test_a_key_is_an_id_and_256_bits() -> None:
    tokens = {make_key("a", ["predict"], now=0.0)[1] for _ in range(200)}
    assert len(tokens) == 200
    for token in tokens:
        assert re.fullmatch(r"mw_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", token) and len(token) == TOKEN_LENGTH


def test_what_is_kept_does_not_hold_the_key(file: KeyFile) -> None:
    key, token = file.add("nightly job", ["feedback", "predict"], lasts_s=90 * 86400)
    raw = file.path.read_bytes()
    assert token.encode() not in raw and token[-43:].encode() not in raw
    assert key.digest == digest_of_token(token) and key.id == id_of_token(token)
    assert file.load() == (key,) and key.scopes == (Scope.PREDICT, Scope.FEEDBACK)
    assert not {p.name for p in file.path.parent.iterdir()} - {FILE_NAME, f".{FILE_NAME}.lock"}


def test_the_file_is_the_owners_alone_whatever_the_mask(file: KeyFile) -> None:
    before = os.umask(0)
    try:
        file.add("a", ["predict"])
        file.add("b", ["predict"])
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_a_file_that_anybody_may_write_is_refused(file: KeyFile) -> None:
    file.add("a", ["predict"])
    file.path.chmod(0o666)
    with pytest.raises(ProjectError, match="written by anybody") as told:
        file.load()
    assert told.value.code == "MW-P042"


def test_revoking_keeps_the_record(file: KeyFile) -> None:
    one, _ = file.add("one", ["predict"])
    two, _ = file.add("two", ["read"])
    revoked = file.revoke(one.id)
    assert revoked.revoked and not revoked.usable(0.0)
    assert [bool(k.revoked) for k in file.load()] == [True, False]
    assert file.revoke("two").id == two.id
    with pytest.raises(UsageError, match="no such key in use"):
        file.revoke("two")


def test_a_name_that_two_keys_have_revokes_neither(file: KeyFile) -> None:
    """As lists of earlier releases have them."""
    made = [make_key("same", ["predict"], now=float(i))[0] for i in range(2)]
    file._write(tuple(made))
    ids = [key.id for key in made]
    with pytest.raises(UsageError) as told:
        file.revoke("same")
    assert all(i in told.value.fix for i in ids)
    file.revoke(ids[0])
    assert file.revoke("same").id == ids[1]


def test_a_name_in_use_is_refused_until_its_key_is_revoked(file: KeyFile) -> None:
    first, _ = file.add("shop", ["predict"], lasts_s=60)
    with pytest.raises(UsageError, match=r"with the name 'shop' .* revoke that one first .* MW-U031"):
        file.add(" shop", ["read"])
    assert file.load() == (first,)
    file.revoke("shop")
    second, _ = file.add("shop", ["predict"])
    assert [k.id for k in file.load()] == [first.id, second.id]


def test_a_list_that_another_process_changes_all_the_time_is_not_written(
    file: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelwright.serve.keys.LOCK_S", 0.05)
    with file._alone(), pytest.raises(ProjectError, match=r"cannot write .*another process changes it.*MW-P043"):
        file.add("second", ["predict"])
    file.add("second", ["predict"])
    assert [key.name for key in file.load()] == ["second"]


def test_changes_at_the_same_time_lose_nothing(file: KeyFile) -> None:
    def add(thread: int) -> None:
        for number in range(5):
            file.add(f"{thread}.{number}", ["predict"])

    threads = [threading.Thread(target=add, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({k.id for k in file.load()}) == 20


@pytest.mark.parametrize(
    "name, scopes, lasts_s, code",
    [
        ("", ["predict"], None, "MW-U040"),
        ("  ", ["predict"], None, "MW-U040"),
        ("a\nb", ["predict"], None, "MW-U040"),
        ("\x1b[31m", ["predict"], None, "MW-U040"),
        ("n" * 101, ["predict"], None, "MW-U040"),
        ("a", ["predict"], 0.0, "MW-U041"),
        ("a", ["predict"], 1e12, "MW-U041"),
        ("a", ["predikt"], None, "MW-U042"),
        ("a", [], None, "MW-U042"),
    ],
)
def test_what_makes_no_key(name: str, scopes: list[str], lasts_s: float | None, code: str) -> None:
    with pytest.raises(UsageError) as told:
        make_key(name, scopes, lasts_s=lasts_s, now=1e9)
    assert told.value.code == code


@pytest.mark.parametrize("text, seconds", [("90d", 7776000), ("12 h", 43200), ("2W", 1209600), ("60s", 60)])
def test_lifetimes(text: str, seconds: int) -> None:
    assert parse_lifetime(text) == seconds


@pytest.mark.parametrize("text", ["", "d", "0d", "-1d", "1.5d", "1y", "nan", "99999999d", "٣d"])
def test_no_lifetimes(text: str) -> None:
    with pytest.raises(UsageError):
        parse_lifetime(text)


def damaged() -> dict[str, bytes]:
    """Return lists that are none, by what is wrong."""
    key, _ = make_key("a", ["predict"], now=1e9)
    good = {"id": key.id, "name": "a", "scopes": ["predict"], "digest": key.digest}
    documents = {
        "format": {"format": 2, "keys": []},
        "no format": {"keys": []},
        "scope": {"format": 1, "keys": [{**good, "scopes": ["root"]}]},
        "no scope": {"format": 1, "keys": [{**good, "scopes": []}]},
        "digest": {"format": 1, "keys": [{**good, "digest": ""}]},
        "id": {"format": 1, "keys": [{**good, "id": "../../x"}]},
        "end": {"format": 1, "keys": [{**good, "expires": "soon"}]},
        "twice": {"format": 1, "keys": [good, good]},
        "list": [],
    }
    return {"empty": b"", "no JSON": b"{", "pickle": b"\x80\x04."} | {
        k: json.dumps(v).encode() for k, v in documents.items()
    }


@pytest.mark.parametrize("raw", damaged().values(), ids=damaged().keys())
def test_a_damaged_list_is_refused_and_not_repeated(file: KeyFile, raw: bytes) -> None:
    file.path.write_bytes(raw)
    with pytest.raises(ProjectError) as told:
        file.load()
    assert told.value.code == "MW-P040"
    with pytest.raises(ProjectError):
        file.add("b", ["predict"])
    assert file.path.read_bytes() == raw


def test_a_link_in_place_of_the_temporary_file_is_not_followed(file: KeyFile, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept")
    file.path.with_name(f".{FILE_NAME}.{os.getpid()}.tmp").symlink_to(victim)
    file.add("a", ["predict"])
    assert victim.read_text() == "kept"


def test_the_environment_takes_what_is_printed() -> None:
    one, _ = make_key("a", ["predict", "feedback"], now=1e9)
    two, _ = make_key("b", ["admin"], lasts_s=3600, now=1e9)
    read = read_environment(f" {printed(one)},\n{printed(two)} ,")
    assert [(k.id, k.scopes, k.digest, k.expires) for k in read] == [
        (k.id, k.scopes, k.digest, k.expires) for k in (one, two)
    ]
    assert read_environment("") == () == read_environment(" , ")


def test_a_secret_in_the_environment_is_refused_and_not_repeated() -> None:
    key, token = make_key("a", ["predict"], now=1e9)
    with pytest.raises(UsageError) as told:
        read_environment(f"{printed(key)},{token}")
    assert token not in str(told.value) and "entry 2" in told.value.what
    assert told.value.__cause__ is None and told.value.__suppress_context__


@given(st.text(max_size=200))
def test_no_text_is_taken_for_a_key(text: str) -> None:
    try:
        keys = read_environment(text)
    except UsageError as error:
        assert error.code == "MW-U043"
    else:
        assert not keys and not text.strip(" \t\r\n,")
