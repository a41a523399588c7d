"""How long the log is kept: as asked, as the brief promises, never longer than that."""

from __future__ import annotations

import pytest

from modelwright.brief import Brief, write_brief
from modelwright.errors import UsageError
from modelwright.serve.log import LogPolicy
from modelwright.serve.settings import Settings, days_kept


def promised(folder, keep_log):
    (folder / "brief.toml").write_text(write_brief(Brief().merged(source="/d.csv", target="y", keep_log=keep_log)))
    return folder


def test_without_a_promise(tmp_path):
    assert days_kept(tmp_path, None) == 30.0 and days_kept(tmp_path, 365.0) == 365.0
    assert days_kept(promised(tmp_path, None), 7.0) == 7.0


def test_a_promise_is_the_default_and_the_most(tmp_path):
    place = promised(tmp_path, "90d")
    assert days_kept(place, None) == 90.0 and days_kept(place, 7.0) == 7.0
    with pytest.raises(UsageError) as caught:
        days_kept(place, 91.0)
    assert caught.value.code == "MW-U917" and "90d" in caught.value.what


def test_servers_that_are_started_from_python_keep_the_promise_too(tmp_path):
    assert Settings(place=tmp_path).log.keep_days == 30.0
    place = promised(tmp_path, "7d")
    assert Settings(place=place).log.keep_days == 7.0
    assert Settings(place=place, log=LogPolicy(keep_days=2)).log.keep_days == 2.0
    with pytest.raises(UsageError) as caught:
        Settings(place=place, log=LogPolicy(keep_days=8))
    assert caught.value.code == "MW-U917"
    assert Settings(place=promised(tmp_path, "90d"), log=LogPolicy(keep_days=60)).log.keep_days == 60.0
