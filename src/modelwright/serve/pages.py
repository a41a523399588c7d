"""Answers that are no predictions: health, versions, metrics, descriptions, late labels."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from modelwright import __version__
from modelwright.errors import RequestError
from modelwright.serve.exchange import Reply, Request
from modelwright.serve.labels import check_labels, check_rows, read_labels
from modelwright.serve.log.policy import Mode
from modelwright.serve.metrics import CONTENT_TYPE as PROMETHEUS
from modelwright.serve.protocols import oip, sagemaker, v1
from modelwright.serve.protocols.options import check_names
from modelwright.serve.routes import routes_for
from modelwright.serve.state import State

__all__ = ["PAGES", "Page"]

Page = Callable[[State, Request], Reply]

_LIVE = b'{"live":true,"status":"alive"}'
_READY = b'{"live":true,"ready":true,"status":"ready"}'
_NOT_READY = b'{"live":true,"ready":false,"status":"not ready"}'


def alive(state: State, request: Request) -> Reply:
    """The process answers."""
    return Reply(200, _LIVE)


def ready(state: State, request: Request) -> Reply:
    """Requests may come: a version is loaded and has answered its golden requests, and the server does not stop."""
    return Reply(200, _READY) if state.ready else Reply(503, _NOT_READY)


def ping(state: State, request: Request) -> Reply:
    """As `ready`, with the empty body that SageMaker asks for."""
    return Reply(200 if state.ready else 503)


def version(state: State, request: Request) -> Reply:
    """Who answers."""
    deployment = state.deployment
    facts, manifest = deployment.champion.facts, deployment.champion.version.manifest
    document: dict[str, Any] = {
        "model": facts.name,
        "version": facts.version,
        "digest": facts.digest,
        "signed": deployment.champion.version.signature is not None,
        "created": facts.created,
        "objective": facts.objective,
        "target": facts.target,
        "metric": manifest.metric,
        "score": None
        if manifest.score is None
        else {"value": manifest.score.value, "low": manifest.score.low, "high": manifest.score.high},
        "challenger": None
        if deployment.challenger is None
        else {"version": deployment.challenger.facts.version, "share": state.settings.share},
        "refused": deployment.failure or None,
        "doubt": deployment.doubt or None,
        "server": __version__,
        "seconds_up": round(time.time() - state.began, 3),
    }
    return Reply.of(document)


def metrics(state: State, request: Request) -> Reply:
    """For Prometheus."""
    return Reply(200, state.metrics.render(), PROMETHEUS)


def card(state: State, request: Request) -> Reply:
    """What the version says of itself, for people."""
    return Reply(
        200, (state.deployment.champion.version.folder / "README.md").read_bytes(), "text/markdown; charset=utf-8"
    )


def openapi(state: State, request: Request) -> Reply:
    """The description of every route."""
    from modelwright.serve.openapi import document  # asked for now and then

    facts = state.deployment.champion.facts
    return Reply.of(document(facts, guarded=state.guard.access.guarded, routes=routes_for(os.environ)))


def feedback(state: State, request: Request) -> Reply:
    """Take labels that came late: of one row, or ``{"labels": [...]}``."""
    check_names(request.query, ())
    labels = read_labels(request.body)
    if state.log.policy.mode is Mode.OFF:
        raise RequestError(
            "labels are not kept: this server keeps no log",
            fix="start it with --log full or sampled, and where it serves a version alone with --log-to",
            code="MW-S313",
            status=409,
        )
    if state.log.failing:
        raise RequestError(
            "labels cannot be kept at the moment", fix="send them later", code="MW-S315", status=503, retry_after=60
        )
    check_labels(labels, state.deployment.champion.facts.classes)
    check_rows(labels, state.ids.rows_of)
    now = time.time()
    taken = 0
    for item in labels:
        if not state.log.feedback(item.request_id, int(item.row), item.label, now):
            break
        taken += 1
    if taken < len(labels):
        raise RequestError(
            f"the first {taken} of {len(labels)} labels were taken: the log is full",
            fix="send the others later",
            code="MW-S311",
            status=503,
            retry_after=10,
        )
    return Reply.of({"taken": taken, "request_id": request.request_id}, 202)


def execution(state: State, request: Request) -> Reply:
    """What SageMaker's batch transform may send at a time."""
    return Reply.of(sagemaker.execution_parameters(state.settings.limits, state.settings.workers))


def v1_models(state: State, request: Request) -> Reply:
    """The models of KServe's first protocol."""
    return Reply.of(v1.model_list([state.deployment.champion.facts.name]))


def v1_model(state: State, request: Request) -> Reply:
    """Whether the model is ready, as KServe's first protocol says it."""
    state.check_names(request)
    return Reply.of(v1.model_status(state.deployment.champion.facts, ready=state.ready))


def v2_server(state: State, request: Request) -> Reply:
    """The server, in the Open Inference Protocol."""
    return Reply.of(oip.server_metadata(__version__))


def v2_model(state: State, request: Request) -> Reply:
    """Inputs and outputs of the model, in the Open Inference Protocol."""
    state.check_names(request)
    return Reply.of(oip.model_metadata(state.deployment.champion.facts))


def v2_ready(state: State, request: Request) -> Reply:
    """Whether the model is ready, in the Open Inference Protocol."""
    state.check_names(request)
    return Reply.of(oip.readiness(ready=state.ready), 200 if state.ready else 503)


PAGES: dict[str, Page] = {
    "alive": alive,
    "ready": ready,
    "ping": ping,
    "version": version,
    "metrics": metrics,
    "card": card,
    "openapi": openapi,
    "feedback": feedback,
    "execution": execution,
    "v1_models": v1_models,
    "v1_model": v1_model,
    "v2_server": v2_server,
    "v2_model": v2_model,
    "v2_ready": v2_ready,
}
"""By the name that `modelwright.serve.routes` uses."""
