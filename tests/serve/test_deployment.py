"""Who answers: changes of the champion while another one is loaded, failures that pass, challengers that fail."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from modelwright.errors import BundleError, RequestError
from modelwright.project import Project
from modelwright.serve import deployment as deployments
from modelwright.serve.access import Access
from modelwright.serve.app import App
from modelwright.serve.deployment import Deployment
from modelwright.serve.exchange import Request
from modelwright.serve.routes import Routes, routes_for
from modelwright.serve.settings import Settings
from modelwright.serve.state import State

from .test_server import ROW, two_versions


@pytest.fixture
def app(tmp_path: Path) -> Any:
    settings = Settings(place=two_versions(tmp_path / "p"))
    state = State(settings, Deployment.load(settings), Access.open())
    yield App(state, Routes(routes_for({})))
    state.close()


async def until_still(app: App) -> None:
    for _ in range(400):
        app._tick()
        await asyncio.sleep(0.02)
        if not app._changing and not app.state.deployment.behind():
            break
    if app._timer is not None:
        app._timer.cancel()


def test_going_back_while_the_next_is_loaded(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    project, loading = Project(app.state.settings.place), threading.Event()
    load, went_back = deployments._load, threading.Event()

    def slowly(settings: Settings, number: int) -> Any:
        loading.set()
        assert went_back.wait(10)
        return load(settings, number)

    monkeypatch.setattr(deployments, "_load", slowly)

    async def main() -> None:
        project.promote(2)
        app._tick()
        await asyncio.get_running_loop().run_in_executor(None, loading.wait)
        project.rollback()
        app._tick()
        went_back.set()
        await until_still(app)

    asyncio.run(main())
    assert app.state.deployment.champion.number == 1


def test_a_failure_that_passes_is_tried_again(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    load, tries = deployments._load, []

    def at_last(settings: Settings, number: int) -> Any:
        tries.append(number)
        if len(tries) < 3:
            raise BundleError("it is not there yet", fix="wait", code="MW-B105")
        return load(settings, number)

    monkeypatch.setattr(deployments, "_load", at_last)
    monkeypatch.setattr(deployments, "RETRY_S", 0.05)
    app.state.deployment._pause = 0.05

    async def main() -> None:
        Project(app.state.settings.place).promote(2)
        for _ in range(200):
            await until_still(app)
            if app.state.deployment.champion.number == 2:
                return
            await asyncio.sleep(0.02)

    asyncio.run(main())
    assert tries == [2, 2, 2] and app.state.deployment.champion.number == 2 and app.state.deployment.failure == ""


def test_a_challenger_that_fails_costs_nobody_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(place=two_versions(tmp_path / "p"), challenger=2, share=1.0)
    state = State(settings, Deployment.load(settings), Access.open())
    app = App(state, Routes(routes_for({})))
    challenger = state.deployment.challenger
    assert challenger is not None

    def fails(*_: Any) -> Any:
        raise ZeroDivisionError

    async def ask(path: str, parameters: dict[str, str]) -> str:
        import json

        body = json.dumps({"rows": [ROW, ROW]} if "predict" in path else {"inputs": [
            {"name": n, "shape": [1], "datatype": "BYTES" if isinstance(v, str) else "FP64", "data": [v]}
            for n, v in ROW.items()]}).encode()  # fmt: skip
        request = Request("POST", path, {}, body, parameters=parameters, request_id="x")
        route, _ = app.routes.find("POST", path)
        assert route is not None
        return (await app._predict(route, request)).role

    async def main() -> None:
        assert await ask("/predict", {}) == "challenger"
        pinned = {"model": state.deployment.champion.facts.name, "version": "1"}
        assert await ask("/v2/models/p/versions/1/infer", pinned) == "champion"
        with pytest.raises(RequestError):
            await ask("/v2/models/p/versions/7/infer", {**pinned, "version": "7"})
        monkeypatch.setattr(challenger, "score", fails)
        assert await ask("/predict", {}) == "champion"

    asyncio.run(main())
    state.close()
