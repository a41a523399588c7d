"""Gates and the verdict."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Gate", "Verdict"]


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A condition a version must meet. ``blocking`` gates make the verdict; others only inform."""

    name: str
    passed: bool
    blocking: bool
    why: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``answer`` is ``"ship"``, ``"ship with conditions"``, ``"collect more data"``, ``"do not build this"`` or
    ``"do not ship"``."""

    answer: str
    summary: str
    gates: tuple[Gate, ...]

    @property
    def ships(self) -> bool:
        return self.answer.startswith("ship")
