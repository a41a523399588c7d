from __future__ import annotations

import os
import time

import numpy as np
import pytest

from modelwright.engines.local import InlineEngine, ProcessEngine


def double(payload):
    return payload * 2


def add(state, task):
    return state + task


def sleep(state, task):
    time.sleep(task)
    return task


def crash(state, task):
    raise ValueError("no such thing")


def vanish(state, task):
    os._exit(7)


def process_id(state, task):
    return os.getpid()


def collect(engine, n, seconds=60):
    replies = []
    until = time.monotonic() + seconds
    while len(replies) < n and time.monotonic() < until:
        replies += engine.wait(0.5)
    return replies


@pytest.fixture(scope="module")
def workers():
    engine = ProcessEngine(2)
    yield engine
    engine.close()


@pytest.fixture(params=["inline", "processes"])
def engine(request, workers):
    return InlineEngine() if request.param == "inline" else workers


def test_tasks_see_the_shared_state(engine):
    engine.share(double, 21)
    engine.submit(engine.idle()[0], add, 1)
    (reply,) = collect(engine, 1)
    assert (reply.result, reply.error, reply.task) == (43, None, 1)


def test_a_crashed_task_is_a_recorded_failure(engine):
    engine.submit(engine.idle()[0], crash, None)
    (reply,) = collect(engine, 1)
    assert reply.result is None and reply.error == "ValueError: no such thing"
    assert engine.idle()


def test_a_worker_that_dies_is_replaced(workers):
    workers.share(double, 4)
    workers.submit(0, vanish, None)
    (reply,) = collect(workers, 1)
    assert "the worker process ended" in reply.error
    workers.submit(0, add, 1)
    assert collect(workers, 1)[0].result == 9


def test_a_killed_task_says_why(workers):
    workers.submit(1, sleep, 60)
    workers.kill(1, "the time for this fit was over")
    assert 1 not in workers.idle()  # not before its caller knows: the next task's reply would be taken for this one's
    (reply,) = collect(workers, 1)
    assert reply.error == "the time for this fit was over" and 1 in workers.idle()


def test_closing_leaves_no_process(workers):
    engine = ProcessEngine(1)
    engine.submit(0, process_id, None)
    (reply,) = collect(engine, 1)
    engine.close()
    until = time.monotonic() + 10
    with pytest.raises(ProcessLookupError):  # the system may take a moment to bury it
        while time.monotonic() < until:
            os.kill(reply.result, 0)
            time.sleep(0.01)


def test_waiting_ends_with_a_reply_and_not_with_a_greeting():
    engine = ProcessEngine(1)
    engine.share(double, 2)
    engine.submit(0, add, 1)
    replies = engine.wait(60)
    engine.close()
    assert [reply.result for reply in replies] == [5]


def test_memory_is_told(workers):
    assert all(held > 10**6 for held in workers.memory().values())


def rows(payload):
    return np.ones(payload)


def total(state, task):
    return float(state.sum())


def test_what_is_shared_lies_in_memory_once():
    size = 20_000_000
    engine = ProcessEngine(2)
    engine.share(rows, size)
    for worker in engine.idle():
        engine.submit(worker, total, None)
    assert [reply.result for reply in collect(engine, 2)] == [size, size]
    held = sum(engine.memory().values())
    engine.close()
    assert held < 1.4 * 8 * size  # each alone would hold 8 bytes a number


@pytest.mark.parametrize("then", ["submit", "share"])
def test_a_template_that_dies_is_replaced(then):
    engine = ProcessEngine(1)
    engine.share(double, 3)
    engine.submit(0, add, 1)
    assert collect(engine, 1)[0].result == 7
    engine._template.kill()
    engine._template.wait()
    if then == "share":
        engine.share(double, 4)
    else:
        engine.submit(0, add, 1)
        assert collect(engine, 1)[0].error  # the worker died with it
    engine.submit(0, add, 1)
    assert collect(engine, 1)[0].result == (9 if then == "share" else 7)
    engine.close()


def spin(state, task):
    until = time.process_time() + task
    while time.process_time() < until:
        pass
    return task


def test_an_engine_tells_what_its_workers_have_used(workers):
    workers.share(double, 21)
    workers.submit(workers.idle()[0], spin, 0.3)
    (reply,) = collect(workers, 1)
    assert workers.used()[reply.worker] >= 0.2
    assert InlineEngine().used() == {}
