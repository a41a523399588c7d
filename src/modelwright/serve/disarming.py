"""A server never unpickles: what could is taken away from its process.

None of our code asks for it (a test enforces that), but numpy and the standard library load the module, and a library
that would use it on a request would run that request's code. After `disarm` it raises instead.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

__all__ = ["disarm"]

_MODULES = ("pickle", "_pickle")
_LOADERS = ("load", "loads", "_load", "_loads", "Unpickler", "_Unpickler")


def disarm() -> None:
    """Have everything in this process that unpickles raise RuntimeError from now on; child processes are their own."""
    for name in _MODULES:
        module = sys.modules.get(name)
        for attribute in _LOADERS:
            if hasattr(module, attribute):
                setattr(module, attribute, _refuse)


def _refuse(*arguments: Any, **named: Any) -> NoReturn:
    raise RuntimeError("this process does not unpickle")
