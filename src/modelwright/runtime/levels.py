"""What is known of each level of a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

__all__ = ["Of"]

Told = TypeVar("Told")


class Of(dict[str | None, Told]):
    """What is said of each level; ``unknown`` is said of any other."""

    def __init__(self, said: Mapping[str | None, Told], unknown: Told) -> None:
        super().__init__(said)
        self.unknown = unknown

    def __missing__(self, level: str | None) -> Told:
        return self.unknown
