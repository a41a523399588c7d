"""The error tree.

Every error a user can meet says what is wrong, what was found, and the next move, and carries a code::

    ModelwrightError            exit code 1
    ├── UsageError       MW-U…  exit code 2: the brief, a flag or an argument is wrong
    ├── DataError        MW-D…  the data cannot be read or cannot be used
    │   └── NotFound            exit code 2: there is nothing at the path that was named
    ├── ContractError    MW-C…  rows to score break the contract
    ├── ProjectError     MW-P…  the project folder is missing, damaged, locked or full
    │   └── NoProject           exit code 2: there is no project at the path that was named
    ├── BundleError      MW-B…  a version was refused: changed, unknown or incomplete
    ├── TrainingError    MW-T…  no model could be trained within the limits
    ├── RequestError     MW-S…  a request to the server cannot be answered
    └── MissingExtra     MW-X…  an optional library is needed
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BundleError",
    "ContractError",
    "DataError",
    "MissingExtra",
    "ModelwrightError",
    "NoProject",
    "NotFound",
    "ProjectError",
    "RequestError",
    "TrainingError",
    "UsageError",
    "did_you_mean",
]

LONGEST_NAME = 60
"""Characters of a name in a list of known ones: the header of a file that was cut wrongly may be one name."""


class ModelwrightError(Exception):
    """An error meant for the user.

    Parameters
    ----------
    what : str
        What is wrong and where, in one sentence, without a final stop.
    fix : str
        The next move.
    code : str
        ``MW-`` and a letter for the branch and a number, for example ``MW-D101``; unique per kind of error.
    """

    exit_code = 1

    def __init__(self, what: str, *, fix: str, code: str) -> None:
        super().__init__(what, fix, code)
        self.what = what
        self.fix = fix
        self.code = code

    def __str__(self) -> str:
        return f"{self.what} · fix: {self.fix} · {self.code}"

    def __reduce__(self) -> tuple:  # survives the way from a worker process
        return (_rebuild, (type(self), self.what, self.fix, self.code))


def _rebuild(cls: type[ModelwrightError], what: str, fix: str, code: str) -> ModelwrightError:
    return cls(what, fix=fix, code=code)


class UsageError(ModelwrightError):
    """The brief, a flag or an argument is wrong."""

    exit_code = 2


class DataError(ModelwrightError, ValueError):
    """The data cannot be read or cannot be used."""


class NotFound(DataError):
    """There is nothing at the path that was named: most often it was mistyped."""

    exit_code = 2


class ContractError(ModelwrightError, ValueError):
    """Rows to score break the contract of the version."""


class ProjectError(ModelwrightError):
    """The project folder is missing, damaged, locked or full."""


class NoProject(ProjectError):
    """There is no project at the path that was named: most often it was mistyped."""

    exit_code = 2


class BundleError(ModelwrightError):
    """A version was refused before anything in it was used."""


class TrainingError(ModelwrightError):
    """No model could be trained within the limits."""


class RequestError(ModelwrightError):
    """A request to the server cannot be answered. What it says never holds a value, a path or a name of a file.

    Parameters
    ----------
    status : int
        Of the HTTP answer.
    retry_after : int or None
        Seconds after which the same request may succeed.
    """

    def __init__(self, what: str, *, fix: str, code: str, status: int = 400, retry_after: int | None = None) -> None:
        super().__init__(what, fix=fix, code=code)
        self.status = status
        self.retry_after = retry_after

    def __reduce__(self) -> tuple:
        return (_request_error, (self.what, self.fix, self.code, self.status, self.retry_after))


def _request_error(what: str, fix: str, code: str, status: int, retry_after: int | None) -> RequestError:
    return RequestError(what, fix=fix, code=code, status=status, retry_after=retry_after)


class MissingExtra(ModelwrightError, ImportError):
    """An optional library is needed; the message names the extra to install."""

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the library '{library}', which is not installed",
            fix=f"pip install 'modelwright[{extra}]'",
            code="MW-X001",
        )
        self._args = (library, extra, purpose)

    def __reduce__(self) -> tuple:
        return (MissingExtra, self._args)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"did you mean 'price'?"`` for the closest known name, or a list of the first names."""
    names = [str(k) for k in known]
    lowered = {n.lower(): n for n in reversed(names)}
    close = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{lowered[close[0]]}'?"
    shown = ", ".join(n if len(n) <= LONGEST_NAME else n[:LONGEST_NAME] + "…" for n in names[:8])
    return f"use one of: {shown}" + (", …" if len(names) > 8 else "")
