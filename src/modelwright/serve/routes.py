"""Every route of the server in one table: who may use it, and what answers.

A route names a protocol (`modelwright.serve.protocols`: predictions) or a page (`modelwright.serve.pages`: everything
else). What is not in the table is not found, and what has no scope and is not open is refused: `Route` cannot be made
without one of the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from modelwright.serve.access import Scope

__all__ = ["OPEN", "PREDICT", "ROUTES", "Route", "Routes", "routes_for"]

OPEN = None
"""Instead of a scope: anybody may ask. For what platforms probe without a key, which tells nothing but up or not."""


@dataclass(frozen=True)
class Route:
    """One way in.

    Attributes
    ----------
    method, template : str
        ``POST``, ``/v2/models/{model}/infer``.
    scope : Scope or None
        `OPEN`, or what a key must allow.
    protocol, page : str
        Name in `modelwright.serve.protocols.PROTOCOLS` or `modelwright.serve.pages.PAGES`; one of them.
    """

    method: str
    template: str
    scope: Scope | None
    protocol: str = ""
    page: str = ""


PREDICT = Route("POST", "/predict", Scope.PREDICT, protocol="own")

_LIVE = ("/livez", "/health/live", "/v2/health/live")
_READY = ("/readyz", "/health/ready", "/v2/health/ready")
_V2 = "/v2/models/{model}"
_V2_VERSION = "/v2/models/{model}/versions/{version}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/", OPEN, page="alive"),
    *(Route("GET", path, OPEN, page="alive") for path in _LIVE),
    *(Route("GET", path, OPEN, page="ready") for path in _READY),
    Route("GET", "/ping", OPEN, page="ping"),  # SageMaker
    Route("GET", "/health", OPEN, page="ready"),  # Vertex, where the platform names no other
    Route("GET", "/version", Scope.READ, page="version"),
    Route("GET", "/metrics", Scope.READ, page="metrics"),
    Route("GET", "/openapi.json", Scope.READ, page="openapi"),
    Route("GET", "/model-card", Scope.READ, page="card"),
    PREDICT,
    Route("POST", "/score", Scope.PREDICT, protocol="own"),  # Azure ML
    Route("POST", "/explain", Scope.PREDICT, protocol="explain"),
    Route("POST", "/feedback", Scope.FEEDBACK, page="feedback"),
    Route("POST", "/invocations", Scope.PREDICT, protocol="invocations"),  # SageMaker and MLflow
    Route("GET", "/execution-parameters", Scope.READ, page="execution"),  # SageMaker batch transform
    Route("GET", "/v1/models", Scope.READ, page="v1_models"),
    Route("GET", "/v1/models/{model}", Scope.READ, page="v1_model"),
    Route("POST", "/v1/models/{model}:predict", Scope.PREDICT, protocol="v1"),
    Route("POST", "/v1/models/{model}:explain", Scope.PREDICT, protocol="v1_explain"),
    Route("GET", "/v2", Scope.READ, page="v2_server"),
    *(Route("GET", path, Scope.READ, page="v2_model") for path in (_V2, _V2_VERSION)),
    *(Route("GET", f"{path}/ready", Scope.READ, page="v2_ready") for path in (_V2, _V2_VERSION)),
    *(Route("POST", f"{path}/infer", Scope.PREDICT, protocol="oip") for path in (_V2, _V2_VERSION)),
)


def routes_for(environment: Mapping[str, str]) -> tuple[Route, ...]:
    """Return all routes, with those that Vertex names in the environment: they hold ids, so no image knows them."""
    added = []
    if health := _path(environment.get("AIP_HEALTH_ROUTE", "")):
        added.append(Route("GET", health, OPEN, page="ready"))
    if predict := _path(environment.get("AIP_PREDICT_ROUTE", "")):
        added.append(Route("POST", predict, Scope.PREDICT, protocol="v1"))
    named = {(r.method, r.template) for r in added}  # what the platform means by a route goes before what we do
    return (*(r for r in ROUTES if (r.method, r.template) not in named), *added)


def _path(text: str) -> str:
    return text if text.startswith("/") and "{" not in text else ""


class Routes:
    """Finds the route of a request."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.table = tuple(routes)
        self._plain = {(r.method, r.template): r for r in self.table if "{" not in r.template}
        self._patterns = [(_pattern(r.template), r) for r in self.table if "{" in r.template]
        self._paths = frozenset(r.template for r in self.table if "{" not in r.template)

    def find(self, method: str, path: str) -> tuple[Route | None, Mapping[str, str]]:
        """Return the route and the parameters in the path; None where there is none."""
        route = self._plain.get((method, path))
        if route is not None:
            return route, {}
        for pattern, route in self._patterns:
            found = pattern.fullmatch(path) if route.method == method else None
            if found is not None:
                return route, found.groupdict()
        return None, {}

    def methods(self, path: str) -> tuple[str, ...]:
        """Return with which methods the path can be asked for; none where it does not exist."""
        found = {m for m, p in self._plain if p == path} if path in self._paths else set()
        found |= {r.method for pattern, r in self._patterns if pattern.fullmatch(path)}
        return tuple(sorted(found | {"HEAD"} if "GET" in found else found))


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile("".join(f"(?P<{p}>[^/:]{{1,200}})" if i % 2 else re.escape(p) for i, p in enumerate(parts)))
