"""What the log keeps, of whom, and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from modelwright.data.contract import Contract
from modelwright.errors import UsageError, did_you_mean
from modelwright.serve.log.personal import personal_columns

__all__ = ["KEY_BYTES", "LogPolicy", "Mode", "Protection", "check_policy"]

KEY_BYTES = 16
"""A key shorter than this could be guessed, and with it who is behind a hash."""

_BOUNDS: dict[str, tuple[float, float, str]] = {
    "share": (0.0, 1.0, "a share of the requests"),
    "rotate_bytes": (1 << 12, 1 << 30, "bytes"),
    "rotate_seconds": (1.0, 86_400.0, "seconds"),
    "keep_days": (1.0, 3650.0, "days"),
    "keep_bytes": (1 << 12, 1 << 50, "bytes"),
    "buffer_bytes": (1 << 12, 1 << 30, "bytes"),
}


class Mode(StrEnum):
    """Which requests are kept: none, a share of them, all."""

    OFF = "off"
    SAMPLED = "sampled"
    FULL = "full"


@dataclass(frozen=True, kw_only=True)
class LogPolicy:
    """What the prediction log keeps.

    Attributes
    ----------
    mode : Mode
    share : float
        Share of the requests that are kept where the mode is ``sampled``, 0 < share ≤ 1. Whether a request is kept
        depends on its id alone, so all rows of it are kept or none.
    masked : tuple of str
        Columns whose values are not kept, beside those that look personal (`personal_columns`).
    hashed : tuple of str
        Columns of which a keyed hash is kept: equal people stay equal, and nobody can be read.
    kept : tuple of str
        Columns that look personal and are kept as they are, because the user says so.
    rotate_bytes : int
        A segment is closed when it has grown to this size, 4 KiB … 1 GiB.
    rotate_seconds : float
        A segment is closed when it is as old as this, 1 … 86,400; and at midnight UTC.
    keep_days : float
        Rows are deleted when they are older, at the latest a day after, 1 … 3650.
    keep_bytes : int
        The oldest files are deleted until the log is no larger, 4 KiB … 1 PiB.
    buffer_bytes : int
        Memory for rows that could not be written yet; what comes when it is full is dropped and counted, 4 KiB … 1 GiB.

    Raises
    ------
    UsageError
        A value out of its bounds, or a column named twice.
    """

    mode: Mode = Mode.FULL
    share: float = 0.1
    masked: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    rotate_bytes: int = 32 << 20
    rotate_seconds: float = 3600.0
    keep_days: float = 30.0
    keep_bytes: int = 10 << 30
    buffer_bytes: int = 8 << 20

    def __post_init__(self) -> None:
        if self.mode not in {m.value for m in Mode}:
            known = [m.value for m in Mode]
            raise UsageError(
                f"the mode of the prediction log cannot be '{self.mode}'",
                fix=did_you_mean(str(self.mode), known),
                code="MW-U650",
            )
        object.__setattr__(self, "mode", Mode(self.mode))
        for name, (low, high, unit) in _BOUNDS.items():
            self._check(name, low, high, unit)
        self._check_columns()

    def _check(self, name: str, low: float, high: float, unit: str) -> None:
        value = getattr(self, name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high or (name == "share" and value == 0):
            raise UsageError(
                f"'{name}' of the prediction log is {value!r}: it must be {unit}, from {low:g} to {high:g}",
                fix="to keep nothing, use the mode 'off'" if name == "share" else f"give {name} within these bounds",
                code="MW-U651",
            )

    def _check_columns(self) -> None:
        seen: set[str] = set()
        for name in (*self.masked, *self.hashed, *self.kept):
            if name in seen:
                raise UsageError(
                    f"column '{name}' is named more than once for the prediction log",
                    fix="name it in one of masked, hashed and kept",
                    code="MW-U652",
                )
            seen.add(name)


@dataclass(frozen=True, kw_only=True)
class Protection:
    """What becomes of the columns of a contract.

    Attributes
    ----------
    plain, masked, hashed : tuple of str
        Every column of the contract is in one of them.
    kept : tuple of str
        Of those in ``plain``, the ones that are kept because the user says so.
    """

    plain: tuple[str, ...]
    masked: tuple[str, ...]
    hashed: tuple[str, ...]
    kept: tuple[str, ...] = ()

    @classmethod
    def of(cls, policy: LogPolicy, contract: Contract) -> Protection:
        """Return what the policy means for a contract; names that are not in it concern other versions."""
        masked = {*policy.masked, *personal_columns(contract)}.difference(policy.hashed, policy.kept)
        hashed = set(policy.hashed)
        return cls(
            plain=tuple(n for n in contract.names if n not in masked and n not in hashed),
            masked=tuple(n for n in contract.names if n in masked),
            hashed=tuple(n for n in contract.names if n in hashed),
            kept=tuple(n for n in contract.names if n in policy.kept),
        )


def check_policy(policy: LogPolicy, contract: Contract, key: bytes) -> None:
    """Raise UsageError where a named column is not in the contract (a slip would unmask it) or the key is weak."""
    _check_names((*policy.masked, *policy.hashed, *policy.kept), contract)
    if policy.hashed and len(key) < KEY_BYTES:
        raise UsageError(
            f"hashed columns need a key of at least {KEY_BYTES} bytes, this one has {len(key)}",
            fix="give the prediction log a random key, the same for all servers and times that must agree",
            code="MW-U653",
        )


def _check_names(names: Iterable[str], contract: Contract) -> None:
    for name in names:
        if name not in contract.names:
            raise UsageError(
                f"column '{name}', named for the prediction log, is not one that the model reads",
                fix=did_you_mean(name, contract.names),
                code="MW-U654",
            )
