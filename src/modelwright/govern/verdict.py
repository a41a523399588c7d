"""Gates and the verdict."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Fixed", "Gate", "Reason", "Verdict", "reasons_of", "ships"]


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A condition a version must meet. ``blocking`` gates make the verdict; others only inform.

    ``failing`` is what it means not to pass, a value of `modelwright.govern.gates.base.Failing`; empty in verdicts of
    earlier releases.
    """

    name: str
    passed: bool
    blocking: bool
    why: str
    failing: str = ""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A gate that was not passed, for who decides.

    Attributes
    ----------
    gate : str
        Its name.
    because : str
        What was found, without a final stop.
    do : str
        The next move, without a final stop.
    counts : bool
        It makes the answer, or is a condition of it; others are worth knowing.
    """

    gate: str
    because: str
    do: str
    counts: bool


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """A threshold that held: its name, its value, and whether the brief set it."""

    name: str
    value: float
    by_brief: bool


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The gates' answer.

    Attributes
    ----------
    answer : str
        ``"ship"``, ``"ship with conditions"``, ``"collect more data"``, ``"do not build this"`` or ``"do not ship"``.
    summary : str
    gates : tuple of Gate
    reasons : tuple of Reason
        The gates that were not passed, most important first; none in verdicts of earlier releases.
    thresholds : tuple of Fixed
        What gates compared with; the limits of the brief are in the brief.
    brief : str
        Digest of the brief, which the ledger holds since before training: thresholds cannot have come later.
    notes : tuple of str
        Thresholds that differ from those of an earlier run whose verdict was known.
    """

    answer: str
    summary: str
    gates: tuple[Gate, ...]
    reasons: tuple[Reason, ...] = ()
    thresholds: tuple[Fixed, ...] = ()
    brief: str = ""
    notes: tuple[str, ...] = ()

    @property
    def ships(self) -> bool:
        return ships(self.answer)


def ships(answer: str) -> bool:
    """Return whether the answer of a verdict, or of a standing, lets a version be used, be it with conditions."""
    return answer.startswith("ship")


def reasons_of(verdict: Verdict) -> tuple[Reason, ...]:
    """Return why a verdict is as it is and what to do, most important first; those of earlier releases have gates
    alone."""
    if verdict.reasons:
        return verdict.reasons
    failed = sorted((g for g in verdict.gates if not g.passed), key=lambda g: not g.blocking)
    return tuple(Reason(gate=g.name, because=g.why, do="", counts=g.blocking) for g in failed)
