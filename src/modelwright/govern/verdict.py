"""Gates and the verdict."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Gate", "Reason", "Verdict"]


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A condition a version must meet. ``blocking`` gates make the verdict; others only inform."""

    name: str
    passed: bool
    blocking: bool
    why: str


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
class Verdict:
    """``answer`` is ``"ship"``, ``"ship with conditions"``, ``"collect more data"``, ``"do not build this"`` or
    ``"do not ship"``. ``reasons`` are the gates that were not passed, most important first; none in verdicts of earlier
    releases."""

    answer: str
    summary: str
    gates: tuple[Gate, ...]
    reasons: tuple[Reason, ...] = ()

    @property
    def ships(self) -> bool:
        return self.answer.startswith("ship")
