"""The table ``[privacy]`` of a brief: which policy, what else per column, whose data it is, how long it is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modelwright.brief.quantities import parse_delay
from modelwright.errors import UsageError

__all__ = ["MOST_MEMBERSHIP", "PRIVACY_FIELDS", "checked_privacy", "privacy_fields", "privacy_lines"]

PRIVACY_FIELDS = {
    "policy": "privacy",
    "columns": "private",
    "key": "privacy_key",
    "subject": "subject",
    "keep_log": "keep_log",
    "membership_auc": "membership_auc",
}
"""Fields of the brief by their names in the table."""

MOST_MEMBERSHIP = 0.6
"""Area under the ROC curve of the best of the membership attacks from which a model tells too much of who was trained
on, where the brief says nothing: an attacker who guesses reaches 0.5. A judgement of ours; no law names a number."""


def privacy_fields(table: Any) -> Any:
    """Return the fields of the brief that the table gives, its own names or the brief's; the policy alone is a text."""
    if isinstance(table, str):
        table = {"policy": table}
    if not isinstance(table, dict):
        return table
    return {PRIVACY_FIELDS.get(name, name): value for name, value in table.items()}


def checked_privacy(name: str, value: Any) -> Any:
    """Return the value of a field of the table.

    Raises
    ------
    UsageError
        It is none (MW-U900).
    """
    if name == "private":
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise _bad(name, "a table of actions by column, such as age = 'bucket:10'")
        return {str(column): action for column, action in value.items()}
    if name == "membership_auc":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.5 <= float(value) <= 1:
            raise _bad(name, "a number from 0.5 (an attacker can only guess) to 1")
        return float(value)
    if not isinstance(value, str) or not value.strip():
        raise _bad(name, "text")
    if name == "keep_log":
        try:
            parse_delay(value)
        except UsageError:
            raise _bad(name, "how long the log is kept, such as '90d'") from None
    return value


def _bad(name: str, expected: str) -> UsageError:
    return UsageError(f"the brief's privacy field '{name}' cannot be read", fix=f"give {expected}", code="MW-U900")


def privacy_lines(values: dict[str, Any], toml: Callable[[Any], str]) -> list[str]:
    """Return the lines of the tables; ``values`` are the fields that say anything."""
    by_field = {field: name for name, field in PRIVACY_FIELDS.items()}
    simple = [f"{by_field[f]} = {toml(v)}" for f, v in values.items() if not isinstance(v, dict)]
    lines = ["", "[privacy]", *simple] if values else []
    if columns := values.get("private"):
        lines += ["", "[privacy.columns]", *(f"{toml(str(k))} = {toml(v)}" for k, v in columns.items())]
    return lines
