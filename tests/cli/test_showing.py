"""Progress on standard error, where nobody watches a terminal."""

from __future__ import annotations

import pytest

from modelwright.cli import showing


@pytest.mark.parametrize("counted", ["trials", "windows"])
def test_progress_says_what_is_counted(
    counted: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(showing._Lines, "EVERY_S", 0.0)
    with showing.listening(silent=False, counted=counted) as listener:
        listener.stage("Living through the stream")
        listener.progress(1, 50, "quiet")
    assert f"1 of 50 {counted}, quiet" in capsys.readouterr().err
