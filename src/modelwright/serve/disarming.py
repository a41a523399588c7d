"""A server never unpickles: what could is taken away from its process.

None of our code asks for it (a test enforces that), but numpy and the standard library load the module, and a library
that would use it on a request would run that request's code. After `disarm` it raises instead.

pyarrow imports pandas, where it is installed, to see whether it was given an object of it. That takes 50 MB, and a
server needs none of it, so it is not to be found there, unless the library of a model asks for it.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Any, NoReturn

from modelwright.loading import Hidden

__all__ = ["disarm", "models_may_import"]

_NOT_NEEDED = Hidden("pandas")
_MODULES = ("pickle", "_pickle")
_LOADERS = ("load", "loads", "_load", "_loads")
_CLASSES = ("Unpickler", "_Unpickler")


def disarm() -> None:
    """Have everything in this process that unpickles raise RuntimeError from now on; child processes are their own."""
    for name in _MODULES:
        module: Any = sys.modules.get(name)
        for attribute in _LOADERS:
            if hasattr(module, attribute):
                setattr(module, attribute, _refuse)
        for attribute in _CLASSES:  # still classes: libraries derive from them when they are imported
            known = getattr(module, attribute, None)
            if isinstance(known, type):
                setattr(module, attribute, type(attribute, (known,), {"load": _refuse, "__module__": name}))
    if _NOT_NEEDED not in sys.meta_path:
        sys.meta_path.insert(0, _NOT_NEEDED)


def models_may_import() -> AbstractContextManager[None]:
    """Let the library of a model import what it needs; for the time of loading a version."""
    return _NOT_NEEDED.shown()


def _refuse(*arguments: Any, **named: Any) -> NoReturn:
    raise RuntimeError("this process does not unpickle")
