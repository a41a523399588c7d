"""What a version says it needs is what its scorers use."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

import pytest

from modelwright.package.compiling import compile_plan
from modelwright.package.libraries import BASE, BOOSTERS, complete, requirements, runtime_libraries
from modelwright.runtime.scorers import SCORERS
from tests.package.fitting import fitted

ENGINES = re.compile(r"\bTreeEngine\b|\bLightgbmScorer\b")


@pytest.mark.parametrize("name", sorted(SCORERS))
def test_every_scorer_names_its_library(name: str) -> None:
    source = inspect.getsource(import_module(SCORERS[name].partition(":")[0]))
    used = {library for library in ("xgboost", "catboost") if f"import {library}\n" in source}
    used |= {"lightgbm"} if ENGINES.search(source) else set()
    assert used <= set(BOOSTERS.get(name, ())), "BOOSTERS lacks a scorer"


@pytest.mark.parametrize(
    ("learner", "more"),
    [("linear", set()), ("lightgbm", {"lightgbm"}), ("xgboost", {"lightgbm"}), ("random_forest", {"lightgbm"}),
     ("catboost", set())],
)  # fmt: skip
@pytest.mark.parametrize("n_classes", [0, 2])
def test_a_compiled_version_needs_lightgbm_at_most(learner: str, more: set[str], n_classes: int) -> None:
    plan, rows, _ = fitted((learner,), n_classes)
    libraries = runtime_libraries(compile_plan(plan, rows))
    assert set(libraries) == {*BASE, *more} and complete(libraries)


def test_one_that_is_not_compiled_needs_its_library_and_what_that_asks_for() -> None:
    plan, _, _ = fitted(("xgboost",), 2)
    libraries = runtime_libraries(plan)
    assert "xgboost-cpu" in libraries and not complete(libraries)
    assert "#   pip install -r requirements-runtime.txt\n" in requirements(libraries)
