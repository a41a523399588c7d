"""A server never unpickles: what could is taken away from its process.

None of our code asks for it (a test enforces that), but numpy and the standard library load the module, and a library
that would use it on a request would run that request's code. After `disarm` it raises instead.

pyarrow imports pandas, where it is installed, to see whether it was given an object of it. pandas subclasses what can
unpickle when it is imported, and takes 50 MB; a server needs none of it, so it is not to be found there.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

__all__ = ["disarm"]

_NOT_NEEDED = "pandas"
_MODULES = ("pickle", "_pickle")
_LOADERS = ("load", "loads", "_load", "_loads", "Unpickler", "_Unpickler")


def disarm() -> None:
    """Have everything in this process that unpickles raise RuntimeError from now on; child processes are their own."""
    for name in _MODULES:
        module = sys.modules.get(name)
        for attribute in _LOADERS:
            if hasattr(module, attribute):
                setattr(module, attribute, _refuse)
    if not any(isinstance(finder, _Hidden) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Hidden())


class _Hidden:
    """A finder that knows of a library that it is not there. (None in `sys.modules` is not enough for Cython.)"""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name == _NOT_NEEDED:
            raise ModuleNotFoundError(f"a server does not import {name}", name=name)


def _refuse(*arguments: Any, **named: Any) -> NoReturn:
    raise RuntimeError("this process does not unpickle")
