"""Work in small bites: with rests, otherwise as if it had been called."""

from __future__ import annotations

import sys
import threading

import pytest

from modelwright.serve import pacing
from modelwright.serve.pacing import BITE_S, REST_S, in_small_bites


class Clock:
    """A clock that only goes on when it is looked at, by a fiftieth of a bite, and in sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rests: list[float] = []

    def perf_counter(self) -> float:
        self.now += BITE_S / 50
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.rests.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pacing, "time", clock)
    return clock


def work(count: int, wrong: bool = False) -> int:
    total = sum(len(str(i)) for i in range(count))
    if wrong:
        raise LookupError("as ever")
    return total


def test_it_rests_between_bites_and_returns_the_same(clock: Clock) -> None:
    assert in_small_bites(work, 500) == work(500)
    assert len(clock.rests) > 500 / 50 and set(clock.rests) == {REST_S}
    clock.rests.clear()
    assert in_small_bites(work, 1) == 1 and clock.rests == [], "what is done in one bite takes no rest"


def test_errors_pass_and_nothing_is_left_behind(clock: Clock) -> None:
    before = sys.getprofile()
    with pytest.raises(LookupError, match="as ever"):
        in_small_bites(work, 100, True)
    assert sys.getprofile() is before


def test_other_threads_do_not_rest(clock: Clock) -> None:
    seen: list[object] = []

    def work_and_look() -> None:
        other = threading.Thread(target=lambda: seen.append(sys.getprofile()))
        other.start()
        other.join()

    in_small_bites(work_and_look)
    assert seen == [None]
