"""Ways of asking for predictions, one per file: bodies to `Asked`, what was scored to bodies."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from modelwright.serve.exchange import Protocol

if TYPE_CHECKING:
    from modelwright.serve.limits import Limits

__all__ = ["PROTOCOLS", "make_protocols"]

PROTOCOLS: dict[str, str] = {
    "own": "modelwright.serve.protocols.own:protocol",
}
"""By name, the function that makes the protocol under limits."""


def make_protocols(limits: Limits) -> dict[str, Protocol]:
    """Return every protocol by name."""
    made = {}
    for name, where in PROTOCOLS.items():
        module, _, attribute = where.partition(":")
        made[name] = getattr(import_module(module), attribute)(limits)
    return made
