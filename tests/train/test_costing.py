from __future__ import annotations

import pytest

from modelwright.engines.base import Reply
from modelwright.engines.local import InlineEngine
from modelwright.train import costing
from modelwright.train.costing import CostTask, costs_of
from modelwright.train.work import folder_bytes, setup

from .conftest import make_job, run_training


class Mourning(InlineEngine):
    """An engine whose worker ends over every task."""

    def submit(self, worker, function, task):
        self._replies.append(Reply(task, None, "the worker process ended", worker))


class Silent(InlineEngine):
    """An engine whose worker answers nothing until it is ended."""

    def submit(self, worker, function, task):
        self.held = task

    def idle(self):
        return [] if hasattr(self, "held") else super().idle()

    def kill(self, worker, reason):
        self._replies.append(Reply(self.held, None, reason, worker))
        del self.held


@pytest.mark.parametrize("kind", [InlineEngine, Mourning, Silent])
def test_costs_are_measured_by_the_worker_and_here_where_it_ended(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(costing, "MOST_S", 0.0)
    job = make_job(tmp_path)
    members = run_training(job, InlineEngine(), trials=9).fold_members[0]
    engine = kind()
    engine.share(setup, job)
    tasks = [CostTask(m.key, m.folders[0], 2.0) for m in members]
    found = costs_of(job, engine, tasks)
    assert [c.seconds for c in found] == [2.0] * len(tasks)
    assert [c.size for c in found] == [folder_bytes(job.run_folder / t.folder) for t in tasks]
    assert all(c.milliseconds > 0 for c in found)
