"""Libraries without those that they take along when they find them.

LightGBM, CatBoost and pandas try to import pandas, polars, scikit-learn or Arrow to understand tables of them; Arrow
imports pandas to find out whether a value is one of its tables. Where a process gives them arrays alone, that costs up
to 90 MB and a second or two. Each of these imports is optional to the library that makes it, and stands in a ``try``.

Only programs of ours may do without: in a process of the user another part may count on what is hidden here.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["Hidden", "hidden", "load_alone", "load_arrow_alone", "load_lightgbm_alone", "own_process"]

_ours = False


class Hidden(MetaPathFinder):
    """Says of some packages that they are not installed, where it is the first of `sys.meta_path`.

    (None in `sys.modules` is not enough for Cython.)
    """

    def __init__(self, *names: str) -> None:
        self._names = frozenset(names)
        self._shown = 0

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in self._names and not self._shown:
            raise ModuleNotFoundError(f"No module named {fullname!r}: this program does without", name=fullname)
        return None

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """Let the packages be found until the block is left."""
        self._shown += 1
        try:
            yield
        finally:
            self._shown -= 1


@contextlib.contextmanager
def hidden(*packages: str) -> Iterator[None]:
    """Let imports of these packages fail as if they were not installed, until the block is left.

    What is loaded already stays. Not thread-safe: for the start of a program.
    """
    finder = Hidden(*packages)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def own_process() -> None:
    """Say that this process is a program of ours, in which nobody else counts on what is hidden."""
    global _ours
    _ours = True


def load_alone() -> None:
    """Load Arrow and LightGBM for a command that gives them nothing but arrays and files.

    In a process that is not ours, these functions do nothing.
    """
    load_lightgbm_alone()
    load_arrow_alone()


def load_lightgbm_alone() -> None:
    """Load LightGBM without the libraries that it looks for."""
    if _ours:
        with hidden("pandas", "polars", "sklearn", "pyarrow", "matplotlib"):
            import lightgbm  # noqa: F401


def load_arrow_alone() -> None:
    """Load Arrow without pandas: it asks for it once and remembers the answer; for a pandas table it looks again.

    Its memory comes from the C library, which gives back what is freed: its own allocator kept 15 MB beside a table of
    6 MB.
    """
    if _ours:
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
        import pyarrow

        with hidden("pandas"):
            pyarrow.scalar(0)
