"""Encoded views that a worker keeps between tasks: candidates of one view share them.

What is quickly made again is not worth its memory: of such views the last one is kept, for candidates that follow one
another on one fold. Views with nested target statistics cost a hundred times as much a megabyte, and stay.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from modelwright.runtime.view import View

__all__ = ["EncodedViews"]

QUICK_SECONDS = 0.02
"""Of encoding a megabyte: views that take less are made again. On adult, ames_housing and california_housing imputed,
scaled and one-hot columns took 0.003 to 0.01, crossed columns 0.11 to 0.4."""

CACHE_SHARE = 0.3
"""Part of a worker's memory that its encoded views may take."""


@dataclass(frozen=True)
class _Kept:
    views: Any
    megabytes: float
    quick: bool


class EncodedViews:
    """The views of one worker, within ``memory_bytes`` of it."""

    def __init__(self, memory_bytes: int) -> None:
        self._most = CACHE_SHARE * memory_bytes / 2**20
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the views of a key, a tuple of which some members are `View`; make them where they are not kept."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key].views
        self._forget_quick()
        began = time.process_time()
        views = make()
        seconds = time.process_time() - began
        megabytes = sum(v.matrix.nbytes for v in views if isinstance(v, View)) / 2**20
        self._kept[key] = _Kept(views, megabytes, seconds < QUICK_SECONDS * megabytes)
        self._forget_oldest()
        return views

    def _forget_quick(self) -> None:
        """Forget what is quickly made again, before there is another view beside it."""
        for key in [k for k, kept in self._kept.items() if kept.quick]:
            del self._kept[key]

    def _forget_oldest(self) -> None:
        """Forget the views used longest ago once all take more than their share of the memory."""
        while len(self._kept) > 1 and sum(kept.megabytes for kept in self._kept.values()) > self._most:
            self._kept.popitem(last=False)
