"""Rates of callers, and the gate."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.errors import RequestError, UsageError
from modelwright.serve.rates import Gate, Rate, Rates, caller_of_address


class Clock:
    """Time as the test has it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Bucket:
    """The slow, obvious twin: tokens that come and go."""

    def __init__(self, rate: Rate) -> None:
        self.rate, self.tokens, self.at = rate, float(rate.burst), 0.0

    def take(self, now: float, cost: int) -> bool:
        self.tokens = min(self.rate.burst, self.tokens + (now - self.at) * self.rate.per_second)
        self.at = now
        if self.tokens < min(cost, self.rate.burst) - 1e-6:
            return False
        self.tokens -= min(cost, self.rate.burst)
        return True


def passes(rates: Rates, caller: str, cost: int = 1) -> bool:
    try:
        rates.take(caller, cost)
    except RequestError as error:
        assert error.status == 429 and error.retry_after is not None and error.retry_after >= 1
        return False
    return True


@given(
    st.sampled_from([0.5, 1.0, 8.0]),
    st.integers(1, 6),
    st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.125, 0.5, 3.0, 1000.0]), st.integers(1, 8)), max_size=60),
)
def test_it_is_a_bucket_of_tokens(per_second: float, burst: int, steps: list[tuple[float, int]]) -> None:
    clock, rate = Clock(), Rate(per_second=per_second, burst=burst)
    rates, bucket = Rates(rate, clock=clock), Bucket(rate)
    for wait, cost in steps:
        clock.seconds += wait
        assert passes(rates, "a", cost) == bucket.take(clock.seconds, cost)


def test_waiting_as_told_is_enough() -> None:
    clock = Clock()
    rates = Rates(Rate(per_second=0.3, burst=2), clock=clock)
    assert passes(rates, "a") and passes(rates, "a")
    with pytest.raises(RequestError) as told:
        rates.take("a")
    clock.seconds += told.value.retry_after or 0
    assert passes(rates, "a")


def test_callers_do_not_share() -> None:
    rates = Rates(Rate(per_second=1, burst=1), clock=Clock())
    assert passes(rates, "a") and passes(rates, "b") and not passes(rates, "a")


def test_the_table_is_bounded_and_forgets_who_asked_longest_ago() -> None:
    rates = Rates(Rate(per_second=1, burst=2), callers=3, clock=Clock())
    for caller in ("a", "b", "c", "a", "d"):
        assert passes(rates, caller)
    assert len(rates) == 3
    assert not passes(rates, "a"), "it was asked for again, so it stays"
    for i in range(1000):
        passes(rates, f"x{i}")
    assert len(rates) == 3


@pytest.mark.parametrize("per_second, burst", [(0, 1), (-1, 1), (float("nan"), 1), (float("inf"), 1), (1, 0)])
def test_no_rates(per_second: float, burst: int) -> None:
    with pytest.raises(UsageError, match="MW-U048"):
        Rate(per_second=per_second, burst=burst)


@pytest.mark.parametrize(
    "address, caller",
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1%eth0", "2001:db8:1:2::/64"),
        ("", ""),
        ("x" * 500, "x" * 64),
    ],
)
def test_who_is_one_caller(address: str, caller: str) -> None:
    assert caller_of_address(address) == caller


def test_the_gate_lets_in_so_many_and_turns_the_rest_away() -> None:
    async def run() -> None:
        gate = Gate(2, 1)
        await gate.enter()
        assert gate.try_enter() and not gate.try_enter()
        waits = asyncio.ensure_future(gate.enter())
        await asyncio.sleep(0)
        assert (gate.running, gate.waiting) == (2, 1)
        with pytest.raises(RequestError) as told:
            await gate.enter()
        assert (told.value.status, told.value.retry_after) == (503, 1)
        gate.leave()
        await waits
        assert (gate.running, gate.waiting) == (2, 0)
        gate.leave()
        gate.leave()
        assert gate.running == 0 and gate.try_enter()

    asyncio.run(run())


def test_nobody_overtakes() -> None:
    async def run() -> None:
        gate, order = Gate(1, 10), []
        await gate.enter()

        async def one(number: int) -> None:
            async with gate:
                order.append(number)
                await asyncio.sleep(0)

        tasks = [asyncio.ensure_future(one(i)) for i in range(6)]
        await asyncio.sleep(0)
        assert not gate.try_enter()
        gate.leave()
        assert not gate.try_enter(), "the room is somebody's already"
        await asyncio.gather(*tasks)
        assert order == list(range(6)) and gate.running == 0

    asyncio.run(run())


def test_those_who_give_up_leave_no_trace() -> None:
    async def run() -> None:
        gate = Gate(1, 5, longest_wait_s=0.01)
        await gate.enter()
        with pytest.raises(RequestError, match="MW-S211"):
            await gate.enter()
        assert gate.waiting == 0
        patient = Gate(1, 5)
        await patient.enter()
        tasks = [asyncio.ensure_future(patient.enter()) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.gather(tasks[0], return_exceptions=True)
        patient.leave()
        await tasks[1]
        tasks[2].cancel()
        patient.leave()  # the turn of one that is being cancelled
        await asyncio.gather(tasks[2], return_exceptions=True)
        if not tasks[2].cancelled():  # it had its turn before it heard
            patient.leave()
        assert (patient.running, patient.waiting) == (0, 0)

    asyncio.run(run())


def test_room_is_never_lost_however_many_are_cancelled() -> None:
    async def run() -> None:
        gate = Gate(3, 50)

        async def one(number: int) -> None:
            async with gate:
                await asyncio.sleep(0.001 * (number % 3))

        for turn in range(20):
            tasks = [asyncio.ensure_future(one(i)) for i in range(30)]
            for step in range(turn % 5):
                await asyncio.sleep(0.0005 * step)
            for task in tasks[turn % 4 :: 3]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert (gate.running, gate.waiting) == (0, 0)

    asyncio.run(run())


@pytest.mark.parametrize("numbers", [(0, 1, 1.0), (1, -1, 1.0), (1, 1, 0.0)])
def test_no_gates(numbers: tuple[int, int, float]) -> None:
    with pytest.raises(UsageError, match="MW-U049"):
        Gate(numbers[0], numbers[1], longest_wait_s=numbers[2])
