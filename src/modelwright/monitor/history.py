"""What is remembered between windows, so that a stream may be looked at after every window, for ever.

Each check gives a p-value for "as in training" in each window. It becomes an e-value by the mixture of calibrators
(Vovk and Wang 2021, "E-values: calibration, combination and applications", proposition 2.1 and after it), and the
e-values of successive windows become an e-detector of the CUSUM kind, ``M = e × max(1, M before)`` (Shin, Ramdas and
Rinaldo 2023, "E-detectors"): the mean time to a false alarm at the threshold ``1/α`` is at least ``1/α`` windows,
however often it is looked at. Over many columns the alarms are those of the e-BH procedure (Wang and Ramdas 2022,
"False discovery rate control with e-values"), which holds under any dependence.

What must stay true: evidence is never larger than the detector's; setting it lower is always allowed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from modelwright import documents
from modelwright.monitor.documents import Alert

__all__ = ["ALPHA", "LARGEST", "History", "alarmed", "evidence_of"]

ALPHA = 0.002
"""Of each family of checks. Five families: together at most one false alarm in 100 windows is expected."""

LARGEST = 1e9  # evidence beyond any threshold; more would only keep alarms on after what moved has come back
FORGET_FROM = 0.5
"""A window in which a check has at least this p-value is like training: what was gathered against that is forgotten."""

SMALLEST_P = 1e-300


def evidence_of(p: float) -> float:
    """Return the e-value of a p-value: the integral of ``k p^(k-1)`` over k from 0 to 1."""
    if p >= 1.0:
        return 0.5
    p = max(p, SMALLEST_P)
    log = math.log(p)
    if log > -1e-3:  # the formula below loses its digits near 1, where its limit is 1/2
        return 0.5
    return min((1 - p + p * log) / (p * log * log), LARGEST)


def alarmed(evidence: Mapping[str, float], *, alpha: float = ALPHA, n: int | None = None) -> frozenset[str]:
    """Return the names whose evidence e-BH lets through, of ``n`` that were looked at."""
    order = sorted(evidence, key=lambda name: -evidence[name])
    total = len(order) if n is None else max(n, len(order))
    passed = 0
    for rank, name in enumerate(order, 1):
        if evidence[name] * rank >= total / alpha:
            passed = rank
    return frozenset(order[:passed])


def _moment(told: str) -> datetime:
    return datetime.fromisoformat(told).astimezone(UTC)


@dataclass(kw_only=True)
class History:
    """Evidence by check, gathered over the windows so far. One writer at a time.

    Attributes
    ----------
    version : str
        Of the version that was watched; another one begins anew.
    windows : int
        Windows seen.
    evidence : dict of float
        By check and column, ``"drift:age"``; those at 1 or less are left out.
    seen : str
        Time up to which a log was read.
    labelled : str
        Time up to which late labels were read.
    waiting : str
        Time from which on late labels were read and not measured: they were few, or chosen by what happened. Empty
        where all were.
    alerted : dict of str
        When an alert was last given, by what it was about.
    undelivered : dict of tuple of Alert
        What still has to be told, by way, the oldest first.
    """

    version: str = ""
    windows: int = 0
    evidence: dict[str, float] = field(default_factory=dict)
    seen: str = ""
    labelled: str = ""
    waiting: str = ""
    alerted: dict[str, str] = field(default_factory=dict)
    undelivered: dict[str, tuple[Alert, ...]] = field(default_factory=dict)

    def begin(self, version: str) -> None:
        """Count a window of a version; what was gathered about another version is forgotten."""
        if self.version != version:
            self.version, self.windows = version, 0
            self.evidence.clear()
        self.windows += 1

    def take(self, check: str, p: Mapping[str, float]) -> dict[str, float]:
        """Take in the p-values of a check by name in this window; return the evidence by name up to now."""
        found = {}
        for name, value in p.items():
            key = f"{check}:{name}"
            before = 1.0 if value >= FORGET_FROM else max(1.0, self.evidence.pop(key, 1.0))
            self.evidence.pop(key, None)
            now = min(before * evidence_of(value), LARGEST)
            if now > 1.0:
                self.evidence[key] = now
            found[name] = now
        return found

    def of(self, check: str, names: Sequence[str]) -> dict[str, float]:
        """Return what is known about names, without taking anything in."""
        return {name: self.evidence.get(f"{check}:{name}", 1.0) for name in names}

    def set_back(self, until: datetime, ends: Iterable[str]) -> None:
        """Go on from the last of the ``ends`` of windows that has come by ``until``, where times of it have not.

        A clock that was set ahead leaves them; nothing that is logged now would be later than they are.
        """
        if not any(_moment(told) > until for told in (self.seen, self.labelled, self.waiting) if told):
            return
        newest = max((end for end in map(_moment, ends) if end <= until), default=None)
        known = "" if newest is None else (newest + timedelta(microseconds=1)).isoformat()
        self.seen, self.labelled = min(self.seen, known), min(self.labelled, known)
        self.waiting = min(self.waiting, self.labelled)

    def save(self, path: Path) -> None:
        """Save it; raises ProjectError when the disk is full."""
        path.parent.mkdir(parents=True, exist_ok=True)
        documents.save(self, path)

    @classmethod
    def load(cls, path: Path) -> History:
        """Return what was saved; an empty history where nothing was.

        Raises
        ------
        ProjectError
            The file is damaged (MW-P003).
        """
        if not path.is_file():
            return cls()
        return documents.load(path, cls, fix="delete it: monitoring then begins to gather evidence anew")
