"""The loop stays awake while requests follow closely, and sleeps when they do not or others want the processor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modelwright.serve import wakefulness as module
from modelwright.serve.wakefulness import AWAKE_S, MOST_TAKEN, REST_S, WORTH, Wakefulness, is_rationed

MANY = int(2 * WORTH / AWAKE_S)  # in a second


class Clock:
    """A clock that is set, and how often the processor was taken away."""

    now, taken = 100.0, 0

    def perf_counter(self) -> float:
        return self.now


class Loop:
    """Notes what is to be called."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def turn(self) -> None:
        soon, self.soon = self.soon, []
        for callback in soon:
            callback()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module, "_taken", lambda: clock.taken)
    monkeypatch.setattr(module, "is_rationed", lambda *where: False)
    return clock


def second(awake: Wakefulness, loop: Loop, clock: Clock, answers: int, *, busy: bool = False) -> None:
    for _ in range(answers):
        awake.answered()
    clock.now += 1.0
    awake.judge(loop.call_soon, busy=busy)
    loop.turn()


def stays_awake(awake: Wakefulness, loop: Loop) -> bool:
    awake.answered()
    return bool(loop.soon)


def test_after_an_answer_the_loop_waits_so_long_and_no_longer(clock: Clock) -> None:
    awake, loop = Wakefulness(lambda: None, wanted=True), Loop()
    second(awake, loop, clock, MANY)
    awake.answered()
    awake.answered()
    assert len(loop.soon) == 1, "however many answers"
    clock.now += 0.9 * AWAKE_S
    loop.turn()
    awake.answered()  # begins the time anew
    clock.now += 0.9 * AWAKE_S
    loop.turn()
    assert len(loop.soon) == 1
    clock.now += 0.2 * AWAKE_S
    loop.turn()
    assert loop.soon == []
    assert stays_awake(awake, loop)


def test_what_waits_is_done_when_a_look_finds_nothing(clock: Clock) -> None:
    done: list[float] = []
    awake, loop = Wakefulness(lambda: done.append(clock.now), wanted=True), Loop()
    second(awake, loop, clock, MANY)
    awake.answered()
    loop.turn()
    assert done == [], "the answer has just left, and another request may be there"
    awake.answered()
    loop.turn()
    assert done == []
    loop.turn()
    assert done == [clock.now]


def test_few_requests_are_waited_for_asleep(clock: Clock) -> None:
    awake, loop = Wakefulness(lambda: None, wanted=True), Loop()
    assert not stays_awake(awake, loop)
    second(awake, loop, clock, MANY // 4)
    assert not stays_awake(awake, loop)
    second(awake, loop, clock, MANY)
    assert stays_awake(awake, loop)
    second(awake, loop, clock, MANY // 4)
    assert not stays_awake(awake, loop)


@pytest.mark.parametrize("why", ["taken", "busy"])
def test_where_others_want_the_processor_it_is_left_to_them_for_a_while(clock: Clock, why: str) -> None:
    awake, loop = Wakefulness(lambda: None, wanted=True), Loop()
    second(awake, loop, clock, MANY)
    assert stays_awake(awake, loop)
    clock.taken += MOST_TAKEN + 1 if why == "taken" else MOST_TAKEN
    second(awake, loop, clock, MANY, busy=why == "busy")
    assert not stays_awake(awake, loop)
    clock.now += REST_S - 1.0
    second(awake, loop, clock, MANY)
    assert stays_awake(awake, loop)


@pytest.mark.parametrize(("wanted", "rationed"), [(False, False), (True, True)])
def test_where_it_is_not_wanted_or_time_is_rationed_none_is_spent_on_waiting(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, wanted: bool, rationed: bool
) -> None:
    monkeypatch.setattr(module, "is_rationed", lambda *where: rationed)
    awake, loop = Wakefulness(lambda: None, wanted=wanted), Loop()
    second(awake, loop, clock, MANY)
    assert not stays_awake(awake, loop)


@pytest.mark.parametrize(
    ("file", "text", "rationed"),
    [
        ("cpu.max", "max 100000", False), ("cpu.max", "25000 100000", True), ("cpu.max", "", False),
        ("system.slice/us.service/cpu.max", "200000 100000", True), ("other.slice/cpu.max", "1 100000", False),
        ("cpu/cpu.cfs_quota_us", "-1", False), ("cpu/cpu.cfs_quota_us", "50000", True),
    ],
)  # fmt: skip
def test_rations_are_those_of_control_groups(tmp_path: Path, file: str, text: str, rationed: bool) -> None:
    own = tmp_path / "own"
    own.write_text("1:name=systemd:/x\n0::/system.slice/us.service\n")
    (tmp_path / "groups" / file).parent.mkdir(parents=True)
    (tmp_path / "groups" / file).write_text(text + "\n")
    assert is_rationed(tmp_path / "groups", own) is rationed
    assert is_rationed(tmp_path / "none", tmp_path / "none") is False
