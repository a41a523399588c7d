"""Random recipes: a row gets the same in a batch, alone, and over HTTP, whatever its nulls are spelled like."""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.package.bundle import open_version
from modelwright.package.compiling import compile_plan
from modelwright.package.writing import write_version
from modelwright.runtime.calibrators import Beta, Isotonic, Sigmoid, Temperature
from modelwright.runtime.plan import Plan
from modelwright.serve.access import Access
from modelwright.serve.app import App
from modelwright.serve.deployment import Deployment
from modelwright.serve.routes import Routes, routes_for
from modelwright.serve.settings import Settings
from modelwright.serve.state import State
from tests.package.building import PROFILE
from tests.package.fitting import LEVELS, TABLE, fitted
from tests.package.test_bundle import facts

BY_SUMS = ("linear", "mlp", "neighbours", "kernel")
LEARNERS = ("lightgbm", "xgboost", "catboost", "extra_trees", "random_forest", *BY_SUMS)
NULLS = (None, "", "NA", "n/a", "NaN", "null", "None", " ? ", "-", "#N/A", "<NA>", "\\N")
CALIBRATORS = (
    None,
    Sigmoid(0.9, 0.2),
    Beta(0.7, 1.1, 0.0),
    Temperature(1.4),
    Isotonic((0.0, 0.5, 1.0), (0.1, 0.4, 0.9)),
)
TOLERANCE = 1e-12  # of sums that a row alone takes in another order; of all others 0 is found

values = {
    "area": st.floats(-1e6, 1e6) | st.integers(0, 400) | st.sampled_from([*NULLS, "12.5", "a lot", True]),
    "rooms": st.integers(-5, 12) | st.sampled_from([*NULLS, "3", 2.5, 2**62]),
    "job": st.sampled_from([*LEVELS, *NULLS, "a new one", 7, " cook ", "CLERK"]),
    "garden": st.sampled_from(["yes", "no", "YES", True, False, 1, 0, "perhaps", *NULLS]),
    "since": st.sampled_from(["2021-05-06", "1999-12-31T23:59:59Z", "2021-02-30", 5, *NULLS]),
    "note": st.text(max_size=30) | st.sampled_from(NULLS),
}


@cache
def single(name: str, n_classes: int) -> Plan:
    plan, rows, _ = fitted((name,), n_classes)
    return compile_plan(plan, rows)


def recipe(names: list[str], n_classes: int, calibrator: Any) -> Plan:
    plans = [single(name, n_classes) for name in names]
    members = tuple(replace(plan.members[0], weight=1 / len(names)) for plan in plans)
    views = {key: view for plan in plans for key, view in plan.views.items()}
    used = {name for view in views.values() for name in view.inputs}
    return replace(
        plans[0],
        contract=TABLE.only(used),
        views=views,
        members=members,
        calibrator=calibrator if n_classes == 2 else None,
    )


async def served(app: App, body: bytes) -> Any:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "client": ("127.0.0.1", 1),
             "headers": [(b"host", b"localhost")]}  # fmt: skip
    await app(scope, receive, send)
    assert sent[0]["status"] == 200, sent[1]["body"]
    return json.loads(sent[1]["body"])["predictions"]


@settings(deadline=None, max_examples=6)
@given(
    names=st.lists(st.sampled_from(LEARNERS), min_size=1, max_size=4, unique=True),
    n_classes=st.sampled_from([0, 2, 3]),
    calibrator=st.sampled_from(CALIBRATORS),
    records=st.lists(st.fixed_dictionaries(values), min_size=3, max_size=6),
)
def test_batch_alone_and_served_agree(
    names: list[str], n_classes: int, calibrator: Any, records: list[dict[str, Any]]
) -> None:
    plan = recipe(names, n_classes, calibrator)
    readable = dict.fromkeys(("area", "rooms", "since", "garden"), 1)
    records = [*records, *({**records[0], **readable, "garden": "no", "since": "2021-05-06"} for _ in range(12))]
    records = [{name: record[name] for name in plan.contract.names} for record in records]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "1"
        write_version(place, plan, facts=facts(), profile=PROFILE, seed=0)
        version = open_version(place)
        batch, _ = version.predict(records)
        alone = [version.predict_row(record)[0] for record in records]
        state = State(Settings(place=place), Deployment.load(Settings(place=place)), Access.open())
        app = App(state, Routes(routes_for({})))

        async def both() -> tuple[Any, Any]:
            body = json.dumps({"rows": records}).encode()
            return await served(app, body), [(await served(app, json.dumps(r).encode()))[0] for r in records]

        together, apart = asyncio.run(both())
        state.close()
    exact = not set(BY_SUMS) & set(names)
    for name in batch:
        expected = batch[name].tolist()
        got = [row[name] for row in alone]
        over = [[_value(row, name) for row in rows] for rows in (together, apart)]
        for found in (got, *over):
            if isinstance(expected[0], str):
                assert found == expected
            else:
                assert np.max(np.abs(np.array(found) - np.array(expected))) <= (0.0 if exact else TOLERANCE)


def _value(row: dict[str, Any], name: str) -> Any:
    return row["probabilities"][name.removeprefix("probability_")] if name.startswith("probability_") else row[name]
