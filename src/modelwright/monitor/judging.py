"""From evidence to alarms: what is a broken feed, what moved, and whether the loss rose with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from modelwright.data.contract import Contract
from modelwright.data.enforcing import REFUSED_SHARE
from modelwright.evaluate.measurements import Measurement
from modelwright.monitor import feed, wording
from modelwright.monitor.comparing import Compared, effect_of
from modelwright.monitor.documents import Alarm, ColumnState, Judgement, by_gravity
from modelwright.monitor.fairness import groups_apart
from modelwright.monitor.history import ALPHA, LARGEST, History, alarmed, evidence_of
from modelwright.monitor.joining import joint_alarms
from modelwright.monitor.losses import Estimate, Real
from modelwright.monitor.relations import calibration, worse_parts
from modelwright.monitor.testing import effective_rows, p_of_distance
from modelwright.monitor.thresholds import (
    ALIKE,
    APART,
    NOW,
    OFF,
    OUTSIDE,
    OUTSIDE_TIMES,
    PREDICTIONS_EFFECT,
    RISE,
    SMALL_EFFECT,
    UNREADABLE,
    USED,
    WIDE,
)
from modelwright.monitor.windows import Window
from modelwright.package.reference.documents import PREDICTION, Reference
from modelwright.package.reference.fitting import watched_prediction
from modelwright.package.reference.varying import distance, freedom_of

if TYPE_CHECKING:
    from modelwright.package.bundle import Version

__all__ = ["Evidence", "judged"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """All that is known of a window; ``compared`` are its columns."""

    reference: Reference
    window: Window
    compared: Mapping[str, Compared]
    expected: Measurement | None
    estimate: Estimate | None
    real: Real | None
    labelled: Window | None


@dataclass
class _Case:
    """One window on trial. ``inputs`` is the history of what the columns show."""

    version: Version
    evidence: Evidence
    history: History
    inputs: History
    told: list[str] = field(default_factory=list)
    drift: dict[str, float] = field(default_factory=dict)
    trust: bool = True
    faulty: frozenset[str] = frozenset()
    """Columns whose feed is broken."""

    def broken(self) -> Iterator[Alarm]:
        """Yield what is wrong with the feed itself."""
        for name in self.evidence.window.absent:
            yield self.feed_alarm(feed.Sign(check="contract", value=1.0, unit="", words=wording.absent(name)), name)
        for name, share in self.evidence.window.unreadable.items():
            if share >= UNREADABLE:
                words = wording.unreadable(name, share, refused=share > REFUSED_SHARE)
                yield self.feed_alarm(feed.Sign(check="contract", value=share, unit="", words=words), name)
        rising = self.inputs.take("missing", {n: c.p_missing for n, c in self.columns.items()})
        missing = self.passed(rising, {n: c.p_missing for n, c in self.columns.items()})
        moved = self.moved()
        for name, compared in self.columns.items():
            sign = feed.turned_missing(compared) if name in missing else None
            if sign is None and (name in moved or self.is_outside(compared)):
                sign = self.sign_of(name, compared)
            if sign is not None:
                yield self.feed_alarm(
                    sign, name, LARGEST if self.is_outside(compared) else max(rising[name], self.drift.get(name, 0.0))
                )

    def sign_of(self, name: str, compared: Compared) -> feed.Sign | None:
        column, spec = self.evidence.window.columns[name], self.version.contract[name]
        for look in (feed.renamed, feed.unit_changed, feed.stuck):
            if (sign := look(column, compared, spec)) is not None:
                return sign
        return feed.part_changed(column, compared, spec) if self.is_outside(compared) else None

    def feed_alarm(self, sign: feed.Sign, name: str, evidence: float = LARGEST) -> Alarm:
        compared = self.columns.get(name)
        return Alarm(
            check=sign.check,
            column=name,
            judgement=Judgement.BROKEN,
            moved=wording.moved(sign.check, sign.value, self.evidence.window.n_rows, unit=sign.unit),
            evidence=evidence,
            use=compared.reference.use if compared else self.evidence.reference[name].use,
            sentence=wording.broken(sign.words),
        )

    def joint_evidence(self) -> tuple[Reference, Window, Contract]:
        return self.evidence.reference, self.evidence.window, self.version.contract

    @property
    def columns(self) -> dict[str, Compared]:
        """The columns of the window, without its predictions."""
        return {name: c for name, c in self.evidence.compared.items() if name != PREDICTION}

    def moved(self) -> frozenset[str]:
        """Return the columns whose drift is beyond chance and training's own variation, and no trifle."""
        if not self.drift:
            self.drift = self.inputs.take("drift", {n: c.p for n, c in self.columns.items()})
        found = self.passed(self.drift, {n: c.p for n, c in self.columns.items()})
        return frozenset(n for n in found if self.columns[n].effect >= SMALL_EFFECT)

    def passed(self, evidence: Mapping[str, float], p: Mapping[str, float]) -> frozenset[str]:
        return frozenset(name for name in alarmed(evidence) if p[name] <= NOW)

    def is_outside(self, compared: Compared) -> bool:
        """Return whether more rows than later stretches of training had lie beyond what training has seen."""
        return compared.outside >= max(OUTSIDE, OUTSIDE_TIMES * compared.outside_expected)

    def is_at_edge(self, compared: Compared) -> bool:
        """Return whether many rows lie where training has seen few or none."""
        return self.is_outside(compared) or compared.edge >= OUTSIDE or compared.alike < ALIKE

    def drifted(self) -> Iterator[Alarm]:
        """Yield the columns that moved, weighed by what that does to the loss; without those that are broken."""
        moved = self.moved()
        for name, compared in self.columns.items():
            outside = self.is_outside(compared)
            if name in self.faulty or not (name in moved or outside):
                continue
            judgement, because = self.matters(None if compared.flat else compared.reference.use)
            column = self.evidence.window.columns[name]
            check, value = ("range", compared.outside) if outside and name not in moved else ("drift", compared.moved)
            yield Alarm(
                check=check,
                column=name,
                judgement=judgement,
                moved=wording.moved(check, value, compared.n),
                evidence=max(self.drift.get(name, 1.0), LARGEST if outside else 1.0),
                use=compared.reference.use,
                sentence=wording.drift(
                    compared, column, self.version.contract[name], judgement, because, faulty=bool(self.faulty)
                ),
            )

    def prediction(self) -> Iterator[Alarm]:
        """Yield that the predictions moved."""
        compared = self.evidence.compared.get(PREDICTION)
        if compared is None or self.evidence.window.prediction is None:
            return
        # Not gathered over windows: models of folds and those of the version differ in every window alike.
        found = {PREDICTION: evidence_of(compared.p)}
        if self.passed(found, {PREDICTION: compared.p}) and compared.effect >= PREDICTIONS_EFFECT:
            judgement, because = self.matters(None)
            yield Alarm(
                check="prediction",
                column=None,
                judgement=judgement,
                moved=wording.moved("prediction", compared.moved, compared.n),
                evidence=found[PREDICTION],
                sentence=wording.prediction(compared, judgement, because),
            )

    def fairness(self) -> Iterator[Alarm]:
        """Yield the groups of protected columns for which predictions drifted away from those for all."""
        reference, window = self.evidence.reference, self.evidence.window
        if not reference.groups or window.prediction is None:
            return
        outcome = watched_prediction(window.prediction)
        groups = groups_apart(reference, window, self.version.contract, outcome)
        p = {name: group.p for name, group in groups.items()}
        found = self.history.take("fairness", p)
        for name in sorted(self.passed(found, p), key=lambda n: -found[n]):
            if groups[name].moved < (least := APART * max(float(outcome.std()), 1e-12)):
                continue
            wider = groups[name].wider > least
            yield Alarm(
                check="fairness",
                column=groups[name].column,
                judgement=Judgement.HARMFUL if wider else Judgement.HARMLESS,
                moved=groups[name].measurement,
                evidence=found[name],
                use=reference[groups[name].column].use,
                sentence=wording.apart(groups[name], wider=wider),
            )

    def classes(self) -> Iterator[Alarm]:
        """Yield that classes are predicted in other shares, where there are more than two."""
        prediction, expected = self.evidence.window.prediction, np.asarray(self.evidence.reference.classes)
        if prediction is None or prediction.shape[1] != len(expected):
            return
        compared = self.evidence.compared[PREDICTION]
        shares = np.bincount(prediction.argmax(axis=1), minlength=len(expected)) / len(prediction)
        squared = float(distance(shares, expected))
        rows = effective_rows(len(prediction), self.evidence.reference.rows)
        p = p_of_distance(squared, rows, freedom_of(expected), compared.reference.variation)
        found = {"classes": evidence_of(p)}
        effect = effect_of(squared, rows, freedom_of(expected))
        if self.passed(found, {"classes": p}) and effect >= PREDICTIONS_EFFECT:
            judgement, because = self.matters(None)
            place = int(np.abs(shares - expected).argmax())
            name = self.version.plan.classes[place]
            yield Alarm(
                check="prediction",
                column=None,
                judgement=judgement,
                moved=wording.moved("prediction", float(np.abs(shares - expected).sum() / 2), len(prediction)),
                evidence=found["classes"],
                sentence=wording.classes(name, float(expected[place]), float(shares[place]), judgement, because),
            )

    def loss(self) -> Iterator[Alarm]:
        """Yield that the real loss is up, and take note of whether it is what was estimated."""
        real, expected = self.evidence.real, self.evidence.expected
        if real is not None:
            found = self.history.take("loss", {"all": real.p})
            differs = self.history.take("estimate", {"all": real.p_estimate})
            self.trust = differs["all"] < 1 / ALPHA
            if found["all"] >= 1 / ALPHA and real.p <= NOW and self.rise(real.measurement) > RISE:
                assert expected is not None
                yield Alarm(
                    check="loss",
                    column=None,
                    judgement=Judgement.HARMFUL,
                    moved=real.measurement,
                    evidence=found["all"],
                    sentence=wording.loss(real.measurement, expected, faulty=bool(self.faulty)),
                )
            if not self.trust:
                self.told.append(wording.DIFFERS)
            return
        self.trust = self.history.of("estimate", ["all"])["all"] < 1 / ALPHA
        if not self.trust:
            yield Alarm(
                check="estimate",
                column=None,
                judgement=Judgement.UNKNOWN,
                moved=wording.moved("estimate", None, self.evidence.window.n_rows),
                evidence=self.history.of("estimate", ["all"])["all"],
                sentence=wording.NO_TRUST,
            )

    def rise(self, loss: Measurement) -> float:
        """Return by which share of what is expected a loss lies above it."""
        expected = self.evidence.expected
        if expected is None or loss.value is None or not expected.value:
            return 0.0
        return loss.value / expected.value - 1

    def is_harmful(self) -> bool:
        """Return whether the estimated loss is up beyond its own error, and that of a window."""
        estimated, expected = self.estimated(), self.evidence.expected
        if estimated is None or expected is None or estimated.low is None or expected.value is None:
            return False
        return estimated.low > expected.value * (1 + RISE)

    def estimated(self) -> Measurement | None:
        """Return the loss by estimate, None where its ground is gone; see `unfounded`."""
        loss = self.evidence.reference.loss
        if self.evidence.estimate is None or loss is None or self.unfounded():
            return None
        return self.evidence.estimate.measurement(loss, self.evidence.window.n_rows)

    def unfounded(self) -> str:
        """Return why the loss cannot be estimated, empty where it can."""
        reference = self.evidence.reference
        if reference.loss is None:
            return wording.NO_LOSS if reference.joint is None else wording.NOT_JUDGED
        if not self.trust:
            return wording.NO_TRUST
        beyond = [
            n for n, c in self.columns.items() if self.is_at_edge(c) and (self.is_used(c.reference.use) or c.flat)
        ]
        return wording.beyond(beyond) if beyond else ""

    def is_used(self, use: float | None) -> bool:
        return use is None or use >= USED

    def matters(self, use: float | None) -> tuple[Judgement, str]:
        """Return what a change means, and why, in words."""
        real, expected = self.evidence.real, self.evidence.expected
        if real is not None and expected is not None:
            up = self.rise(real.measurement) > RISE
            proven = up and self.history.of("loss", ["all"])["all"] >= 1 / ALPHA
            words = wording.by_labels(real.measurement, expected)
            if up and not proven and real.p <= NOW:
                return Judgement.UNKNOWN, f"{words}, {wording.NO_PROOF}"
            if up and not proven:
                words = f"{words}, {wording.AS_BEFORE}"
            return (Judgement.HARMFUL if proven else Judgement.HARMLESS), words
        if not self.is_used(use):
            return Judgement.HARMLESS, wording.UNUSED
        if why := self.unfounded():
            return Judgement.UNKNOWN, why
        estimated = self.estimated()
        assert estimated is not None and expected is not None
        words = wording.by_estimate(estimated, expected)
        if self.is_harmful():
            return Judgement.HARMFUL, words
        reach = (estimated.high or 0.0) - (estimated.value or 0.0)
        unsure = reach > WIDE * (expected.value or 0.0)
        return (Judgement.UNKNOWN if unsure else Judgement.HARMLESS), words

    def by_estimate(self) -> Iterator[Alarm]:
        """Yield that the loss is up by estimate, where there are no labels."""
        estimated, expected = self.estimated(), self.evidence.expected
        if self.evidence.real is None and estimated is not None and expected is not None and self.is_harmful():
            yield Alarm(
                check="estimate",
                column=None,
                judgement=Judgement.HARMFUL,
                moved=estimated,
                evidence=1.0,
                sentence=wording.estimated_up(estimated, expected),
            )

    def in_parts(self) -> Iterator[Alarm]:
        """Yield parts of the rows with labels in which the loss is above what the rows lead to expect."""
        labelled, loss = self.evidence.labelled, self.evidence.reference.loss
        if self.evidence.real is None or labelled is None or loss is None:
            return
        parts = worse_parts(self.evidence.reference, labelled, self.evidence.real, self.version.contract)
        found = self.history.take("slice", {name: part.p for name, part in parts.items()})
        for name in sorted(self.passed(found, {n: p.p for n, p in parts.items()}), key=lambda n: -found[n])[:3]:
            if parts[name].rise <= RISE:
                continue
            yield Alarm(
                check="slice",
                column=parts[name].column,
                judgement=Judgement.HARMFUL,
                moved=parts[name].measurement,
                evidence=found[name],
                use=self.evidence.reference[parts[name].column].use,
                sentence=wording.part(parts[name], faulty=bool(self.faulty)),
            )
        off = calibration(labelled, self.version.plan.classes, loss)
        gathered = self.history.take("calibration", {"all": off.p})
        if gathered["all"] >= 1 / ALPHA and off.p <= NOW and off.size >= OFF:
            up = self.rise(self.evidence.real.measurement) > RISE
            judgement, is_class = (Judgement.HARMFUL if up else Judgement.HARMLESS), bool(self.version.plan.classes)
            yield Alarm(
                check="calibration",
                column=None,
                judgement=judgement,
                moved=off.measurement,
                evidence=gathered["all"],
                sentence=wording.calibration(off.measurement, is_class, judgement, faulty=bool(self.faulty)),
            )


def judged(
    version: Version, evidence: Evidence, history: History, *, seen: bool = False
) -> tuple[tuple[Alarm, ...], tuple[ColumnState, ...], tuple[str, ...], Measurement | None]:
    """Return the alarms, gravest first, the state of each column, what else is to be told, and the estimated loss.

    Rows that were ``seen`` before, and come again with their labels, tell nothing new of drift; and those that labels
    are known of first are often others than the rest.
    """
    case = _Case(version, evidence, history, inputs=History() if seen else history)
    broken = list(case.broken())
    case.faulty = faulty = frozenset(a.column for a in broken if a.column)
    alarms = [*case.loss(), *broken]
    if not seen:
        alarms += case.drifted()
    if not (seen or faulty):  # what a broken column does to the rest says nothing of the world
        alarms += [*joint_alarms(case, case.moved()), *case.prediction(), *case.classes(), *case.by_estimate()]
        alarms += case.fairness()
    alarms += case.in_parts()
    if faulty:
        case.told = [words for words in case.told if words != wording.DIFFERS]
    estimated = None if faulty else case.estimated()
    if estimated is None:
        case.told.append(wording.no_estimate(wording.FAULTY if faulty else case.unfounded()))
    states = sorted(_states(case), key=lambda s: -(s.use or 0.0))
    return by_gravity(alarms), tuple(states), tuple(case.told), estimated


def _states(case: _Case) -> Iterator[ColumnState]:
    for name, compared in case.columns.items():
        yield ColumnState(
            name=name,
            missing=round(compared.missing, 6),
            outside=round(compared.outside, 6),
            distance=round(compared.moved, 6),
            p=compared.p,
            evidence=round(case.drift.get(name, 1.0), 4),
            use=compared.reference.use,
        )
