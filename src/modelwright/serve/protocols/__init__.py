"""Ways of asking for predictions. `PROTOCOLS` names them; `make_protocols` makes all of them under limits."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelwright.serve.exchange import Protocol
    from modelwright.serve.limits import Limits

__all__ = ["PROTOCOLS", "make_protocols"]

PROTOCOLS = {
    "own": "modelwright.serve.protocols.own:protocol",  # /predict, /score
    "explain": "modelwright.serve.protocols.explain:protocol",  # /explain
    "oip": "modelwright.serve.protocols.oip:protocol",  # /v2/models/{model}/infer
    "v1": "modelwright.serve.protocols.v1:protocol",  # /v1/models/{model}:predict, Vertex
    "v1_explain": "modelwright.serve.protocols.v1:explaining",  # /v1/models/{model}:explain
    "invocations": "modelwright.serve.protocols.sagemaker:protocol",  # /invocations of SageMaker and of MLflow
}
"""Each is a function of the limits; the names are those that routes use."""


def make_protocols(limits: Limits) -> dict[str, Protocol]:
    """Return every protocol by name, under limits."""
    return {name: _resolved(place)(limits) for name, place in PROTOCOLS.items()}


def _resolved(place: str) -> Any:
    module, _, maker = place.partition(":")
    return getattr(import_module(module), maker)
