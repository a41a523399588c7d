"""Months of life in minutes: what maintenance would have been worth on a stream of rows whose labels are known by now.

Three lives are lived on the same windows. *Frozen*: the champion answers to the end. *Maintained*: every window is
watched; harm, or many new rows, has the recipes learn again; the newest labelled rows, which neither was fitted on,
decide whether the new model answers from then on, and later ones whether it goes on. *Every window*: the recipes learn
from all labelled rows after each window, whatever they are.

What must stay true: at the end of a window nobody knows more than the rows up to there, and the labels of rows that are
older than the delay.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from modelwright import documents
from modelwright.brief import Brief
from modelwright.data.columns import take
from modelwright.data.contract import Contract, Kind
from modelwright.errors import ProjectError, UsageError, did_you_mean
from modelwright.monitor.documents import Judgement, Monitoring
from modelwright.monitor.history import History
from modelwright.monitor.watching import watch_window
from modelwright.monitor.windows import Window, encode_labels, window_of
from modelwright.package.bundle import Version
from modelwright.project import Project
from modelwright.retrain.challenge import Side, challenge, losses_of
from modelwright.retrain.recipes import Question, Recipe, predict_later, recipe_of
from modelwright.retrain.refitting import remade
from modelwright.retrain.spans import choose_span, judging_rows
from modelwright.retrain.tables import FEWEST_NEW, Gathered, canonical, gather, order_of
from modelwright.retrain.triggers import Waiting, reason_to_retrain

__all__ = ["Replay", "Told", "replay"]

WINDOWS = 50
MEMBERS = 2
"""Members of an ensemble that are fitted again, the weightiest: the worth of maintenance shows in few as in many."""

MOST_ROWS = 30_000
"""The latest rows that a fit of the replay learns from."""

Told = Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What the three lives came to: mean loss over the stream's labelled rows, and what maintenance did.

    Attributes
    ----------
    loss : str
        What is averaged: ``"log loss"``, ``"squared error"`` or ``"absolute error"``.
    frozen, maintained, every_window : float
    retrains : int
        Attempts; ``promotions`` of them changed who answers, ``rollbacks`` were taken back.
    alarms : int
        Windows judged harmful or broken; ``refused`` were broken, and nothing learned from them.
    windows, rows, labelled : int
    judgements : tuple of str
        Of each window.
    events : tuple of str
        What maintenance did, a sentence each.
    """

    loss: str
    frozen: float
    maintained: float
    every_window: float
    retrains: int
    promotions: int
    rollbacks: int
    alarms: int
    refused: int
    windows: int
    rows: int
    labelled: int
    judgements: tuple[str, ...]
    events: tuple[str, ...]
    told: tuple[str, ...] = ()


@dataclass(eq=False)
class _Life:
    """A life under maintenance: who answers, what was answered, what may be learned from."""

    version: Version
    waiting: Waiting
    answered: np.ndarray
    by: np.ndarray
    """Number of the version that answered each row."""
    learnable: np.ndarray
    looked_at: int = 0
    """Rows, in the order of their labels, whose labels have been looked at."""
    since: int = 0
    """First row that the version which answers has not been fitted on."""
    since_before: int = 0
    previous: Version | None = None
    history: History = field(default_factory=History)
    retrains: int = 0
    promotions: int = 0
    rollbacks: int = 0
    judgements: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)


def replay(
    project: Project,
    stream: Any,
    *,
    time: str,
    label_delay: str | None = None,
    windows: int = WINDOWS,
    tell: Told = lambda done, total, text: None,
) -> Replay:
    """Live through a stream.

    Parameters
    ----------
    project : Project
        Its champion is who answers first. Nothing in it is changed.
    stream : path or table
        Rows with their target.
    time : str
        Column that says when a row came.
    label_delay : str or None
        How long after that its label is known, ``"7d"``; in the unit of a time column of numbers. None: at once.
    windows : int
        Of equally many rows.
    tell : callable
        ``tell(done, total, text)`` after each window.

    Raises
    ------
    UsageError
        The stream has no such column (MW-U802), or the delay is in another unit.
    DataError
        Too few of its rows are new to the project (MW-D801).
    """
    with tempfile.TemporaryDirectory(prefix="modelwright-replay-") as folder:
        return _Replay(project, stream, time, label_delay, Path(folder)).live(windows, tell)


class _Replay:
    """The rows of a replay, and its three lives."""

    def __init__(self, project: Project, stream: Any, time: str, delay: str | None, folder: Path) -> None:
        from modelwright.data.reading import read_table

        champion = project.champion
        if champion is None:
            raise ProjectError(f"'{project.path}' has no champion", fix="promote a version first", code="MW-P084")
        self.first = project.version(champion.version)
        self.recipe: Recipe = recipe_of(project, champion.version)
        run = project.run_folder(self.recipe.run)
        contract = documents.load(run / "contract.json", Contract)
        brief = documents.load(run / "brief.json", Brief)
        table, _ = read_table(stream)
        for name in (time, self.first.manifest.target):
            if name not in table.column_names or name not in contract.names:
                raise UsageError(
                    f"column '{name}' is not in the stream, or not in what the project was trained on",
                    fix=did_you_mean(name, [n for n in table.column_names if n in contract.names]),
                    code="MW-U802",
                )
        self.rows: Gathered = gather(project, brief.source, table, contract, time)
        self.folder, self.contract = folder, contract
        self.question = self._question(time, brief.seed)
        self.known_at = self.question.order + _delay(delay, contract, time)
        self.members = self.recipe.members[:MEMBERS]
        self.made = champion.version

    def _question(self, time: str, seed: int) -> Question:
        plan, table = self.first.plan, self.rows.table
        features = self.contract.only(self.recipe.problem.features)
        return Question(
            columns=canonical(table, features),
            contract=features,
            y=encode_labels(table.column(self.first.manifest.target).to_pylist(), plan.classes),
            order=order_of(canonical(table.select([time]), self.contract.only([time])), time),
            objective=plan.objective,
            classes=plan.classes,
            metric=self.first.manifest.metric,
            seed=seed,
        )

    def live(self, windows: int, tell: Told) -> Replay:
        """Return what the three lives came to."""
        n, old = self.rows.table.num_rows, self.rows.old
        parts = [p for p in np.array_split(np.arange(old, n), windows) if len(p)]
        frozen = self.first.plan.predict(self.question.columns)
        always, eager = frozen.copy(), self.first
        life = _Life(
            version=self.first,
            waiting=Waiting(trained_on=self.first.manifest.rows.get("used", old) or old),
            answered=frozen.copy(),
            by=np.full(n, self.first.manifest.version),
            learnable=np.ones(n, dtype=bool),
            since=old,
            looked_at=old,
        )
        for number, part in enumerate(parts):
            always[part] = eager.plan.predict(take(self.question.columns, part))
            self._look(life, part)
            if number + 1 < len(parts):
                known = self._known(part)
                self._maintain(life, known)
                if len(known) > self.rows.old or len(known) >= FEWEST_NEW:
                    eager = self._remade(known[-MOST_ROWS:])
            tell(number + 1, len(parts), life.judgements[-1])
        return self._sum_up(life, frozen, always, len(parts))

    def _known(self, part: np.ndarray) -> np.ndarray:
        """Return the rows whose labels are known at the end of a window."""
        now = self.question.order[part[-1]]
        rows = np.arange(part[-1] + 1)
        stream = rows >= self.rows.old
        return rows[(~stream | (self.known_at[rows] <= now)) & ~np.isnan(self.question.y[rows])]

    def _look(self, life: _Life, part: np.ndarray) -> None:
        """Have a window answered and watched, with the labels that have come since the last one."""
        own = life.version
        window = window_of(own, self.rows.table.slice(int(part[0]), len(part)).drop_columns([own.manifest.target]))
        assert window.prediction is not None
        life.answered[part], life.by[part] = window.prediction, own.manifest.version
        known = self._known(part)
        late = known[(known >= max(life.looked_at, life.since)) & life.learnable[known]]
        found = watch_window(own, window, history=life.history, late=self._late(own, late))
        if len(late):
            life.looked_at = int(late[-1]) + 1
        life.judgements.append(found.judgement.value)
        if not found.may_be_learned:
            life.learnable[part] = False
            life.events.append(f"window {len(life.judgements)} is broken, and is not learned from")
        self._last = found
        fresh = int(((known >= life.since) & life.learnable[known]).sum())
        life.waiting = replace(life.waiting, fresh=fresh, looks=life.waiting.looks + 1)

    def _late(self, version: Version, rows: np.ndarray) -> Window | None:
        if not len(rows):
            return None
        columns = take(self.question.columns, rows)
        return Window(
            columns={n: columns[n] for n in version.contract.names},
            n_rows=len(rows),
            prediction=version.plan.predict(columns),
            y=self.question.y[rows],
            unreadable={},
        )

    def _maintain(self, life: _Life, known: np.ndarray) -> None:
        """Do at the end of a window what maintenance does."""
        usable = known[life.learnable[known]]
        if self._taken_back(life, usable):
            return
        found: Monitoring = self._last
        trigger = None if found.judgement is Judgement.BROKEN else reason_to_retrain(found, life.waiting)
        if trigger is None:
            return
        life.retrains += 1
        fresh = usable[usable >= life.since]
        losses = losses_of(self.question.metric, self.question.y[fresh], self._said(life.version, fresh))
        n_judged, change = judging_rows(losses)
        judged = fresh[-n_judged:]
        rest = usable[usable < judged[0]][-MOST_ROWS:]
        new = int((rest >= life.since).sum())
        span, rows, _ = choose_span(self.question, self.members[0][0], rest, new, change)
        gain = challenge(
            self.question.metric,
            self.question.y[judged],
            Side(version=life.version.manifest.version, prediction=self._said(life.version, judged)),
            Side(version=self.made + 1, prediction=self._predicted(rows, judged)),
            columns={},
            order=self.question.order[judged],
        )
        where = f"window {len(life.judgements)}: {trigger}"
        if gain.wins:
            life.previous, life.version = life.version, self._remade(np.concatenate([rows, judged]))
            life.since_before, life.since = life.since, int(judged[-1]) + 1
            life.promotions += 1
            life.events.append(f"{where}; version {life.version.manifest.version} ({span}) answers: {gain.why}")
        else:
            life.events.append(f"{where}; the new model does not win: {gain.why}")
        life.waiting = life.waiting.after(trigger, won=gain.wins, trained_on=len(rows) + len(judged))

    def _taken_back(self, life: _Life, usable: np.ndarray) -> bool:
        """Have the version before answer again where later labels speak for it; return whether they did."""
        later = usable[usable >= life.since]
        if life.previous is None or len(later) < FEWEST_NEW:
            return False
        now, before = life.version, life.previous
        back = challenge(
            self.question.metric,
            self.question.y[later],
            Side(version=now.manifest.version, prediction=self._said(now, later)),
            Side(version=before.manifest.version, prediction=self._said(before, later)),
            columns={},
            order=self.question.order[later],
        )
        if not back.wins:
            return False
        life.version, life.previous, life.rollbacks = before, None, life.rollbacks + 1
        life.since = life.since_before
        life.events.append(
            f"window {len(life.judgements)}: version {before.manifest.version} answers again: {back.why}"
        )
        return True

    def _said(self, version: Version, rows: np.ndarray) -> np.ndarray:
        return version.plan.predict(take(self.question.columns, rows))

    def _predicted(self, rows: np.ndarray, later: np.ndarray) -> np.ndarray:
        """Return what the members fitted on some rows say of later ones."""
        total = sum(weight for _, weight in self.members)
        parts = [w / total * predict_later(self.question, c, rows, later) for c, w in self.members]
        return np.asarray(sum(parts[1:], parts[0]))

    def _remade(self, rows: np.ndarray) -> Version:
        self.made += 1
        return remade(self.first, self.members, self.question, rows, self.folder, self.made)

    def _sum_up(self, life: _Life, frozen: np.ndarray, always: np.ndarray, windows: int) -> Replay:
        y, n = self.question.y, self.rows.table.num_rows
        rows = np.arange(self.rows.old, n)
        rows = rows[~np.isnan(y[rows])]

        def mean(prediction: np.ndarray) -> float:
            return float(losses_of(self.question.metric, y[rows], prediction[rows]).mean())

        return Replay(
            loss=_loss_name(self.question),
            frozen=mean(frozen),
            maintained=mean(life.answered),
            every_window=mean(always),
            retrains=life.retrains,
            promotions=life.promotions,
            rollbacks=life.rollbacks,
            alarms=sum(j in (Judgement.HARMFUL, Judgement.BROKEN) for j in life.judgements),
            refused=sum(j == Judgement.BROKEN for j in life.judgements),
            windows=windows,
            rows=n - self.rows.old,
            labelled=len(rows),
            judgements=tuple(life.judgements),
            events=tuple(life.events),
            told=self.rows.told,
        )


def _loss_name(question: Question) -> str:
    from modelwright.retrain.challenge import BY_SIZE

    if question.classes:
        return "log loss"
    return "absolute error" if question.metric in BY_SIZE else "squared error"


def _delay(delay: str | None, contract: Contract, time: str) -> float:
    """Return the delay of labels in the unit of the canonical time column."""
    from modelwright.brief import parse_delay

    if delay is None:
        return 0.0
    if contract[time].kind is Kind.DATETIME:
        return parse_delay(delay)
    try:
        return float(delay)
    except ValueError as error:
        raise UsageError(
            f"labels take '{delay}', and the time column '{time}' holds numbers",
            fix=f"give a number in the unit of '{time}'",
            code="MW-U803",
        ) from error
