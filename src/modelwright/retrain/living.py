"""The maintained life of a replay: it does at the end of each window what maintenance does with a project."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from modelwright.monitor.documents import Judgement, Monitoring
from modelwright.monitor.history import History
from modelwright.monitor.watching import watch_window
from modelwright.package.bundle import Version
from modelwright.retrain.challenge import Side, challenge, level_of_look, losses_of
from modelwright.retrain.documents import Burden, Challenge, Trigger
from modelwright.retrain.guarding import MOST_BEFORE
from modelwright.retrain.probing import Probe, probe
from modelwright.retrain.recalibrating import recalibration
from modelwright.retrain.spans import choose_span, judging_rows, lasting_change
from modelwright.retrain.tables import FEWEST_NEW
from modelwright.retrain.triggers import Waiting, burden_of, may_train, reason_to_retrain
from modelwright.retrain.world import MOST_ROWS, Cost, World

__all__ = ["Life"]


@dataclass(kw_only=True, eq=False)
class _Shadow:
    """A challenger that did not win when it was made: it answers in the shadow, and later labels may speak for it.

    ``said`` is what models that had not seen ``judged`` say of those rows; ``since`` is the first row that the version
    was not fitted on.
    """

    version: Version
    judged: np.ndarray
    said: np.ndarray
    since: int
    renewed: bool
    looks: int = 0


@dataclass(kw_only=True, eq=False)
class Life:
    """Who answers, what was answered, what may be learned from, and what happened."""

    world: World
    version: Version
    waiting: Waiting
    answered: np.ndarray
    learnable: np.ndarray
    looked_at: int
    """Rows, in the order of their labels, whose labels have been looked at."""
    since: int
    """First row that the version which answers has not been fitted on."""
    before: list[tuple[Version, int]] = field(default_factory=list)
    """Who answered before, the latest last, and the first row that each was not fitted on."""
    doubts: int = 0
    """How often it was asked whether a version before does better."""
    pending: int = 0
    """Rows whose labels are still to come."""
    shadow: _Shadow | None = None
    history: History = field(default_factory=History)
    cost: Cost = field(default_factory=Cost)
    retrains: int = 0
    probes: int = 0
    promotions: int = 0
    recalibrations: int = 0
    rollbacks: int = 0
    judgements: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    actions: dict[int, list[str]] = field(default_factory=dict)
    """By number of the window, from 1 on: "trained", "promoted", "taken back", "recalibrated"."""

    def look(self, part: np.ndarray) -> Monitoring:
        """Have a window answered and watched, with the labels that have come since the last one."""
        own = self.version
        window = self.world.window(own, part)
        assert window.prediction is not None
        self.answered[part] = window.prediction
        known, self.pending = self.world.known(part), self.world.pending(part)
        late = known[(known >= max(self.looked_at, self.since)) & self.learnable[known]]
        found = watch_window(own, window, history=self.history, late=self.world.labelled(own, late))
        if len(late):
            self.looked_at = int(late[-1]) + 1
        self.judgements.append(found.judgement.value)
        if not found.may_be_learned:
            self.learnable[part] = False
            self._tell("is broken, and is not learned from", mark="")
        fresh = int(((known >= self.since) & self.learnable[known]).sum())
        self.waiting = self.waiting.looked(1, fresh)
        return found

    def maintain(self, known: np.ndarray, found: Monitoring) -> None:
        """Take back, have a shadow serve, train again or recalibrate, where there is a reason."""
        usable, before = known[self.learnable[known]], self.version
        self._take_back(usable)
        if self._shadow_serves(usable) or found.judgement is Judgement.BROKEN:
            return
        self._train_for_a_reason(usable, found)
        if self.version is before:
            self._recalibrate(usable)

    def _train_for_a_reason(self, usable: np.ndarray, found: Monitoring) -> None:
        if not may_train(self.waiting):
            return
        fresh = usable[usable >= self.since]
        said = self.world.said(self.version, fresh)
        self.probes += 1
        probed = probe(self.world.question, fresh, said, usable[usable < self.since], self.pending)
        trigger = reason_to_retrain(found, self.waiting, probed)
        if trigger is not None:
            losses = losses_of(self.world.question.metric, self._y(fresh), said)
            self._train(trigger, probed, usable, fresh, losses)

    def _train(
        self, trigger: Trigger, probed: Probe | None, usable: np.ndarray, fresh: np.ndarray, losses: np.ndarray
    ) -> None:
        """Make a challenger, and have it serve where it wins."""
        world = self.world
        self.retrains += 1
        self._did("trained")
        n_judged, change = judging_rows(losses)
        judged = fresh[-n_judged:]
        rest = usable[usable < judged[0]][-MOST_ROWS:]
        new = int((rest >= self.since).sum())
        span, rows, tried = choose_span(world.question, world.members[0][0], rest, new, change, self.pending)
        self.cost.of_spans(tried)
        said = world.predicted(rows, judged, self.cost)
        burden, worth = burden_of(span, probed), 0.0 if probed is None else probed.worth
        fought = self._fought(judged, said, world.made + 1, burden=burden, worth=worth)
        if fought.wins or burden is not Burden.PROOF or (fought.loss_gain.value or 0.0) > 0:
            made = world.remade(np.concatenate([rows, judged]), self.cost)
            renewed = burden is not Burden.PROOF
            self.shadow = _Shadow(version=made, judged=judged, said=said, since=int(judged[-1]) + 1, renewed=renewed)
        trained_on = len(rows) + len(judged)
        self.waiting = self.waiting.after(won=fought.wins, trained_on=trained_on)
        if fought.wins:
            self._serve(f"{trigger}; version {world.made} ({span}) answers: {fought.why}")
        else:
            self._tell(f"{trigger}; the new model does not win: {fought.why}")

    def _serve(self, told: str) -> None:
        """Have the challenger answer from now on."""
        assert self.shadow is not None
        self._remember()
        self.version, self.since = self.shadow.version, self.shadow.since
        self.shadow, self.doubts = None, 0
        self.promotions += 1
        self._did("promoted")
        self._tell(told)

    def _remember(self) -> None:
        """Note who answered, as it was trained: a calibrator belongs to its time."""
        models = self.world.models_of(self.version)
        if not self.before or self.before[-1][0] is not models:
            self.before = [*self.before, (models, self.since)][-MOST_BEFORE:]

    def _shadow_serves(self, usable: np.ndarray) -> bool:
        """Hold a challenger in the shadow against the champion, on the rows that judged it and those since."""
        shadow = self.shadow
        if shadow is None:
            return False
        later = usable[usable >= shadow.since]
        if len(later) < FEWEST_NEW * 2**shadow.looks:
            return False
        shadow.looks += 1
        said, number = self.world.said(shadow.version, later), shadow.version.manifest.version
        if shadow.renewed:
            fought = self._fought(later, said, number, burden=Burden.LIKELIER)
        else:
            rows, said = np.concatenate([shadow.judged, later]), np.concatenate([shadow.said, said])
            fought = self._fought(rows, said, number, level=level_of_look(shadow.looks))
        if fought.wins:
            self.waiting = Waiting(trained_on=self.waiting.trained_on, saved=self.waiting.saved)
            self._serve(f"version {fought.challenger} answers, after {shadow.looks} looks in the shadow: {fought.why}")
        elif (fought.loss_gain.value or 0.0) <= 0:
            self.shadow = None
        return fought.wins

    def _fought(
        self,
        rows: np.ndarray,
        said: np.ndarray,
        number: int,
        *,
        level: float | None = None,
        burden: Burden = Burden.PROOF,
        worth: float = 0.0,
    ) -> Challenge:
        """Return how a challenger does against who answers."""
        question = self.world.question
        return challenge(
            question.metric,
            self._y(rows),
            Side(version=self.version.manifest.version, prediction=self.world.said(self.version, rows)),
            Side(version=number, prediction=said),
            columns={},
            order=question.order[rows],
            level=level_of_look(0) if level is None else level,
            burden=burden,
            worth=worth,
        )

    def _take_back(self, usable: np.ndarray) -> None:
        """Have a version before answer again where later labels speak for it."""
        later = usable[usable >= self.since]
        if not self.before or len(later) < max(FEWEST_NEW * (self.doubts + 1), self.pending + 1):
            return
        self.doubts += 1
        later = later[lasting_change(self._losses(later), self.pending) or 0 :]
        level = level_of_look(self.doubts, len(self.before))
        # Once an older version answers again, one made after it may have learned from some of the later rows.
        unseen = [(place, version, later[later >= since]) for place, (version, since) in enumerate(self.before)]
        found = [
            (self._fought(rows, self.world.said(version, rows), version.manifest.version, level=level), place)
            for place, version, rows in unseen
            if len(rows) >= FEWEST_NEW
        ]
        winners = [f for f in found if f[0].wins]
        if not winners:
            return
        back, place = max(winners, key=lambda f: f[0].loss_gain.value or 0.0)
        self.version, self.since = self.before.pop(place)
        self.doubts, self.rollbacks = 0, self.rollbacks + 1
        self._did("taken back")
        self._tell(f"version {back.challenger} answers again: {back.why}")

    def _recalibrate(self, usable: np.ndarray) -> None:
        """Have the models that answer go on with a calibrator of the newest labels, where the past speaks for it."""
        world, rows = self.world, usable[usable >= self.since]
        models = world.models_of(self.version)
        if models.plan.by_group is not None:
            return
        said = world.said(models, rows), world.said(self.version, rows)
        found = recalibration(self._y(rows), *said, pending=self.pending, seed=world.question.seed)
        if isinstance(found, str) or not found.wins:
            return
        self._remember()
        self.version = world.recalibrated(models, found)
        self.recalibrations += 1
        self._did("recalibrated")
        self._tell(f"version {world.made} answers: {found.why}")

    def _losses(self, rows: np.ndarray) -> np.ndarray:
        return losses_of(self.world.question.metric, self._y(rows), self.world.said(self.version, rows))

    def _y(self, rows: np.ndarray) -> np.ndarray:
        return self.world.question.y[rows]

    def _tell(self, what: str, mark: str = ":") -> None:
        self.events.append(f"window {len(self.judgements)}{mark} {what}")

    def _did(self, what: str) -> None:
        self.actions.setdefault(len(self.judgements), []).append(what)
