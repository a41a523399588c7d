"""How long the log is kept: as asked, as the brief promises, never longer than that."""

from __future__ import annotations

import pytest

from modelwright.brief import Brief, write_brief
from modelwright.cli.commands.serve import _days
from modelwright.errors import UsageError


def promised(folder, keep_log):
    (folder / "brief.toml").write_text(write_brief(Brief().merged(source="/d.csv", target="y", keep_log=keep_log)))
    return folder


def test_without_a_promise(tmp_path):
    assert _days(None, tmp_path) == 30.0 and _days(365.0, tmp_path) == 365.0
    assert _days(7.0, promised(tmp_path, None)) == 7.0


def test_a_promise_is_the_default_and_the_most(tmp_path):
    place = promised(tmp_path, "90d")
    assert _days(None, place) == 90.0 and _days(7.0, place) == 7.0
    with pytest.raises(UsageError) as caught:
        _days(91.0, place)
    assert caught.value.code == "MW-U917" and "90d" in caught.value.what
