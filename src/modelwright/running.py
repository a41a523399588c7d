"""A run in progress: the documents so far, and what lies in memory behind them."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright import documents
from modelwright.brief import Brief
from modelwright.documents import digest_of
from modelwright.ledger import Decision, now
from modelwright.project import Project, RunState
from modelwright.train.budget import Budget
from modelwright.train.memory import MemoryGuard
from modelwright.train.pace import Pace

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.audit.acting import Applied
    from modelwright.data.columns import Columns
    from modelwright.engines.base import Engine
    from modelwright.evaluate.evidence import Evidence
    from modelwright.evaluate.money.deciding import Decided
    from modelwright.frame.problem import Choice
    from modelwright.frame.split import Folds
    from modelwright.govern.privacy.documents import Privacy
    from modelwright.govern.privacy.subjects import Forgotten
    from modelwright.lifecycle import Listener, Stage
    from modelwright.objectives.base import Objective
    from modelwright.package.bundle import Version
    from modelwright.runtime.calibrators import Calibrator
    from modelwright.runtime.group_odds import GroupOdds
    from modelwright.runtime.plan import Plan
    from modelwright.train.outcome import Outcome
    from modelwright.train.starting import Start

__all__ = ["Run", "quietly"]


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep what libraries warn of in a fit or a statistic from the user: what matters of it, findings tell."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


class Run:
    """What the steps of a run share. Steps read and write its attributes; documents are frozen.

    Attributes
    ----------
    documents : dict
        By the name under which they are saved: ``"source"``, ``"contract"``, ``"audit"``, …
    digests : dict of str
    table, test_table : pyarrow.Table or None
        As read.
    columns, test_columns : Columns or None
        Canonical, target included.
    y : ndarray of float64, shape (n_rows_read,), or None
        NaN where the target is missing; None without a target.
    trains : bool
        False for an audit alone.
    pace : Pace
        How busy the machine is.
    start : Start or None
        What the run begins with where the project has a model that it goes on from.
    home : Path or None
        Folder of the project, which may not be there yet.
    forgotten : Forgotten or None
        Whose rows were left out as the tables were read.
    rows : ndarray of int
        Rows used: with a target and not left out by a finding. Everything below counts over these.
    """

    table: pa.Table
    test_table: pa.Table | None = None
    columns: Columns
    test_columns: Columns | None = None
    objective: Objective
    objective_choice: Choice
    y: np.ndarray
    classes: tuple[str, ...] = ()
    applied: Applied
    rows: np.ndarray
    folds: Folds
    outcome: Outcome
    fairer: tuple[Any, ...] = ()
    withheld: tuple[str, ...] = ()
    settled: Any = None
    by_group: GroupOdds | None = None
    privacy: Privacy | None = None
    home: Path | None = None
    forgotten: Forgotten | None = None
    calibrator: Calibrator | None = None
    calibration_note: str = ""
    decided: Decided | None = None
    evidence: Evidence
    plan: Plan
    version: Version
    engine: Engine | None = None
    project: Project
    name: str
    folder: Path
    resumed: bool = False
    after_seconds: float = 0.0

    def __init__(
        self,
        brief: Brief,
        *,
        data: Any,
        test: Any,
        started: float,
        listener: Listener,
        trains: bool = True,
        start: Start | None = None,
    ) -> None:
        self.brief = brief
        self.data, self.test = data, test
        self.listener = listener
        self.trains = trains
        self.start = start
        self.budget = Budget(brief.limits.budget_s, started=started, timed=brief.limits.trials is None)
        self.guard = MemoryGuard(brief.limits.memory_bytes)
        self.documents: dict[str, Any] = {"brief": brief}
        self.digests: dict[str, str] = {"brief": digest_of(brief)}
        self._parents: dict[str, dict[str, str]] = {"brief": {}}
        self._decisions: list[Decision] = []
        self.fold_plans: dict[int, Plan] = {}
        self.pace = Pace()
        self._began = (time.monotonic(), time.process_time())

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end_workers()

    # documents and decisions

    def keep(self, stage: Stage, document: Any) -> None:
        """Keep what a stage returned, and save it once the run has a folder."""
        self.documents[stage.writes] = document
        self.digests[stage.writes] = digest_of(document)
        self._parents[stage.writes] = {name: self.digests[name] for name in stage.reads}
        self.guard(self.engine)
        self._learn_pace(worked=stage.name != "train")
        if hasattr(self, "folder"):
            self._save(stage.writes)
            self._record()

    def _learn_pace(self, *, worked: bool) -> None:
        """Note how long this process took for what it did since it was last asked; while others train, it waits."""
        now = (time.monotonic(), time.process_time())
        if worked:
            self.pace.learn(now[0] - self._began[0], now[1] - self._began[1])
        self._began = now

    def add(self, name: str, document: Any, *parents: str) -> None:
        """Keep a document beside that of the stage, saved with it; ``parents`` are documents by name."""
        self.documents[name] = document
        self.digests[name] = digest_of(document)
        self._parents[name] = {parent: self.digests[parent] for parent in parents}
        if hasattr(self, "folder"):
            self._save(name)

    def replace_brief(self, brief: Brief) -> None:
        """Go on with another brief: what was made of it points to the one that is saved."""
        self.brief = self.documents["brief"] = brief
        self.digests["brief"] = digest_of(brief)

    def decide(self, stage: str, question: str, choice: str, why: str, **more: Any) -> None:
        """Note a decision; it goes to the ledger when the stage is over."""
        self._decisions.append(Decision(stage=stage, question=question, choice=choice, why=why, at=now(), **more))

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """All decisions of this run."""
        return self.project.ledger.decisions(self.name)

    def enter(self, project: Project, name: str, *, resumed: bool) -> None:
        """Give the run its project and folder."""
        self.project, self.name, self.resumed = project, name, resumed
        self.folder = project.run_folder(name)

    def save_documents(self) -> None:
        """Save what the stages before the folder have made."""
        for name in self.documents:
            self._save(name)
        self._record()

    def _save(self, name: str) -> None:
        documents.save(self.documents[name], self.folder / f"{name}.json", self._parents[name])

    def _record(self) -> None:
        by_stage: dict[str, list[Decision]] = {}
        for decision in self._decisions:
            by_stage.setdefault(decision.stage, []).append(decision)
        for stage, decisions in by_stage.items():
            self.project.ledger.record(self.name, stage, tuple(decisions))
        self._decisions.clear()

    def mark(self, state: RunState) -> None:
        """Write where the run stands."""
        documents.save(state, self.folder / "state.json")

    def end_workers(self) -> None:
        """End the processes that fit, where there still are any."""
        if self.engine is not None:
            self.engine.close()
            self.engine = None

    # what steps need often

    @property
    def slowness(self) -> float:
        """How many times longer work takes here than the processor time it needs, see `Pace`."""
        return self.pace.now

    @property
    def threshold(self) -> float | None:
        """From which probability on the event is predicted, for two classes, once that is settled."""
        return None if self.decided is None else self.decided.threshold

    def tell(self, done: int, total: int, text: str) -> None:
        """Pass progress on."""
        self.listener.progress(done, total, text)

    def used(self, names: tuple[str, ...] | None = None) -> Columns:
        """Return canonical columns of the used rows."""
        from modelwright.data.columns import take

        wanted = self.columns if names is None else {n: self.columns[n] for n in names}
        return take(wanted, self.rows)
