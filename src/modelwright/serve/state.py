"""What one worker serves, counts and keeps; `modelwright.serve.app` uses it from the thread of its event loop."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelwright.data.contract import ColumnSpec
from modelwright.data.profile import Profile
from modelwright.data.treating.keys import key_for
from modelwright.errors import RequestError
from modelwright.govern.privacy.subjects import subject_of, with_subject
from modelwright.serve.access import Access, Hosts, Scope
from modelwright.serve.deployment import Deployment
from modelwright.serve.exchange import Asked, Request, Scored
from modelwright.serve.guard import Guard
from modelwright.serve.ids import Ids
from modelwright.serve.log import LOG_FOLDER, LogPolicy, PredictionLog, log_key
from modelwright.serve.log.policy import Mode
from modelwright.serve.log.segments import SEGMENT, log_files
from modelwright.serve.log.spawning import Compactor
from modelwright.serve.metrics import PROBABILITY_EDGES, Metrics, ModelMetrics, value_edges
from modelwright.serve.models import Model
from modelwright.serve.settings import Settings

__all__ = ["LINES_AT_ONCE", "State"]

LOG_KEY = "predictions.key"  # beside the log, not in it: who is given the log is not given the key
QUICK_LOG = LogPolicy(mode=Mode.OFF)
LOOK_EVERY = 16  # requests with one row, of which one is looked through for missing values
LINES_AT_ONCE = 500  # of a large request, counted and kept before others have their turn
TELL_S = 60.0  # between two lines that say the same
COMPACT_SOON_S = 60.0  # between two compactions while segments are closed: starting a process is felt by requests
COMPACT_S = 3600.0  # between two looks at what is to be compacted or deleted, though nothing comes
FLUSH_S = 0.2  # the most that the death of the process may cost the log


class State:
    """Of one worker.

    Parameters
    ----------
    settings : Settings
    deployment : Deployment
    access : Access
    worker : int
    shared : Path or None
        Folder in which the workers keep their counts.
    """

    def __init__(
        self, settings: Settings, deployment: Deployment, access: Access, *, worker: int = 0, shared: Path | None = None
    ) -> None:
        self.settings, self.deployment = settings, deployment
        hosts = None if settings.insecure else Hosts(settings.hosts)
        self.guard = Guard(access, hosts=hosts, rate=settings.rate)
        self.read_scope = Scope.READ
        self.debug = bool(os.environ.get("MODELWRIGHT_DEBUG"))
        self.began = time.time()
        self.draining = False
        self.ids = Ids()
        self.metrics = Metrics(shared, worker)
        self._model_metrics: dict[int, ModelMetrics] = {}
        self.champion_metrics = self.metrics_of(deployment.champion)
        home = settings.log_home
        policy = QUICK_LOG if home is None else settings.log
        folder = (home or settings.place) / LOG_FOLDER
        key = b"" if policy.mode is Mode.OFF else log_key(folder.with_name(LOG_KEY))  # made when it is first needed
        self._subject = _subject_of(settings) if policy.mode is not Mode.OFF else None
        contract = with_subject(deployment.champion.contract, self._subject)
        self.log = PredictionLog(folder, contract, policy, worker=worker, key=key)
        self._compactor = None if policy.mode is Mode.OFF or worker else Compactor(folder, policy)
        if self._compactor is not None and log_files(folder, SEGMENT):
            self._compactor.start()  # what an earlier server left
        self._flushed = time.monotonic()
        self._answered = 0
        self._compacted, self._closed = self._flushed, False
        self._told_at = float("-inf")

    @property
    def ready(self) -> bool:
        """Whether requests should come here."""
        return not self.draining

    def check_names(self, request: Request, model: Model | None = None) -> None:
        """Raise RequestError 404 where a path names another model or version than the one that answers."""
        facts = (model or self.deployment.champion).facts
        name, version = request.parameters.get("model"), request.parameters.get("version")
        if name is not None and name != facts.name:
            raise RequestError(
                "this server has no model of that name", fix=f"ask for '{facts.name}'", code="MW-S305", status=404
            )
        if version is not None and version != facts.version:
            raise RequestError(
                "this version does not serve", fix=f"ask for version {facts.version}", code="MW-S306", status=404
            )

    def tell(self, text: str) -> None:
        """Say what the owner of the server should know, one line on standard error."""
        print(f"modelwright: {text}", file=sys.stderr, flush=True)

    def metrics_of(self, model: Model) -> ModelMetrics:
        """Return the counts of a version."""
        found = self._model_metrics.get(model.number)
        if found is None:
            found = self._model_metrics[model.number] = self._make_metrics(model)
        return found

    def _make_metrics(self, model: Model) -> ModelMetrics:
        facts, version = model.facts, model.version
        names = facts.probability_names
        watched: tuple[str, ...] = names[1:] if len(names) == 2 else names or ("prediction",)
        edges: tuple[float, ...] = PROBABILITY_EDGES
        if not names:
            edges = value_edges(_quantiles(version.profile, facts.target))
        return self.metrics.model(
            facts.name,
            facts.version,
            watched=watched,
            edges=edges,
            features=facts.contract.names,
            digest=facts.digest,
            signed=version.signature is not None,
        )

    def answered(
        self,
        model: Model,
        role: str,
        asked: Asked,
        scored: Scored,
        request: Request,
        seconds: float,
        first: int = 0,
    ) -> None:
        """Count and keep what was answered just now; after the answer went out.

        Parameters
        ----------
        first : int
            Number of the first of these rows in the request.
        """
        counts = self.metrics_of(model)
        if not first:
            counts.observe(seconds, scored.answers)
            self._answered += 1
            if scored.n_rows > 1 or self._answered % LOOK_EVERY == 0:
                counts.look(asked.records, asked.columns)
        self.log.record(
            request_id=request.request_id,
            route=request.path,
            version=model.facts.version,
            role=role,
            received=time.time() - seconds,
            seconds=seconds,
            records=asked.records,
            columns=asked.columns,
            answers=scored.answers,
            first=first,
        )

    def answered_one(
        self,
        model: Model,
        role: str,
        request_id: str,
        route: str,
        record: Mapping[str, Any],
        answer: Mapping[str, Any],
        seconds: float,
        received: float,
    ) -> None:
        """Count and keep the answer to one record, as `answered` does, and the request itself."""
        self.metrics.told(route, 200)
        counts = self.metrics_of(model)
        counts.observe_one(seconds, answer)
        self._answered += 1
        if self._answered % LOOK_EVERY == 0:
            counts.look((record,), None)
        self.log.record_one(
            request_id=request_id,
            route=route,
            version=model.facts.version,
            role=role,
            received=received,
            seconds=seconds,
            record=record,
            answer=answer,
        )

    async def answered_in_parts(
        self, model: Model, role: str, asked: Asked, scored: Scored, request: Request, seconds: float
    ) -> None:
        """Do what `answered` does for a large request, and let others have their turn in between."""
        for first in range(0, scored.n_rows, LINES_AT_ONCE):
            rows = slice(first, first + LINES_AT_ONCE)
            part = Scored({n: v[rows] for n, v in scored.answers.items()}, 0)
            part.n_rows = len(next(iter(part.answers.values())))
            self.answered(model, role, _rows(asked, rows), part, request, seconds, first)
            await asyncio.sleep(0)

    def tick(self) -> None:
        """Do what is to be done now and then."""
        now = time.monotonic()
        if now - self._flushed < FLUSH_S:
            return
        self._flushed = now
        closed = self.log.flush()
        self._tell_of_the_log(now)
        self.metrics.logged(_counted(self.log.counters))
        if self._compactor is not None:
            self._closed = self._closed or closed
            if now - self._compacted > (COMPACT_SOON_S if self._closed else COMPACT_S):
                self._compacted, self._closed = now, False
                self._compactor.start()
            self._compactor.poll()

    def _tell_of_the_log(self, now: float) -> None:
        """Say once a minute that what should be kept is not."""
        if self.log.failing and now - self._told_at > TELL_S:
            self._told_at = now
            lost = self.log.counters.dropped + self.log.feedback_counters.dropped
            self.tell(f"the prediction log cannot be written (disk full?): rows are held in memory, {lost:,} are lost")

    def swapped(self, before: Model, model: Model) -> None:
        """Follow a change of the version that answers."""
        challenger = self.deployment.challenger
        if challenger is None or challenger.number != before.number:
            self._model_metrics.pop(before.number, self.champion_metrics).retire()
        self.champion_metrics = self.metrics_of(model)
        self.log.use(with_subject(model.contract, self._subject))

    def close(self) -> None:
        """Keep what is not yet kept."""
        self.log.flush()
        held = self.log.failing
        self.log.close()
        if held:
            lost = self.log.counters.dropped + self.log.feedback_counters.dropped
            self.tell(f"the prediction log could not be written: {lost:,} rows are lost")
        self.metrics.logged(_counted(self.log.counters))
        self.metrics.close()
        if self._compactor is not None:
            self._compactor.stop()


def _subject_of(settings: Settings) -> ColumnSpec | None:
    """Return how the column is read that says whose a row is; the log keeps pseudonyms of it, so the key must be there.

    Raises
    ------
    UsageError
        See `modelwright.data.treating.keys.key_for`.
    """
    spec = subject_of(settings.place) if settings.is_project else None
    if spec is not None and spec.treatment is not None:
        key_for(spec.treatment.key_file, spec.treatment.fingerprint)
    return spec


def _rows(asked: Asked, rows: slice) -> Asked:
    if asked.records is not None:
        return Asked(records=asked.records[rows])
    if hasattr(asked.columns, "num_rows"):
        return Asked(columns=asked.columns.slice(rows.start, rows.stop - rows.start))
    return Asked(columns={name: values[rows] for name, values in asked.columns.items()})


def _counted(counters: Any) -> Mapping[str, int]:
    return {name: getattr(counters, name) for name in ("written", "dropped", "failed")}


def _quantiles(profile: Profile, target: str) -> tuple[float, ...]:
    return next((c.quantiles for c in profile.columns if c.name == target), ())
