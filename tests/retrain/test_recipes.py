"""What is fitted again learns from what the version learned from: columns that only say whose threshold counts are
none of it, and its answers have the odds of groups."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from modelwright.brief import Brief
from modelwright.retrain import world as worlds
from modelwright.retrain.recipes import Question, features_of, job_of
from modelwright.retrain.retraining import _without
from modelwright.retrain.world import Cost, World
from modelwright.runtime.group_odds import Cut, GroupOdds
from modelwright.steps.sense import refuse_nonsense
from tests.package.building import CONTRACT, PlanMember, classifier, linear, numbers_view, some_columns

N = 80
ODDS = GroupOdds(cuts=(Cut(column="job", levels=("admin", "student")),), factors=np.array([4.0, 0.25]))
PLAN = classifier(
    views={"numbers": numbers_view()},
    members=(PlanMember(name="linear/a", view="numbers", scorer=linear(2, 2), weight=1.0),),
    by_group=ODDS,
)


def question(features: tuple[str, ...] = ()) -> Question:
    return Question(
        columns=some_columns(N),
        contract=CONTRACT,
        y=(np.arange(N) % 2).astype(float),
        order=np.arange(N, dtype=float),
        objective="classify",
        classes=("no", "yes"),
        metric="log_loss",
        features=features,
    )


def test_the_columns_that_models_read_are_learned_from(tmp_path: Path) -> None:
    assert features_of(PLAN) == ("age", "balance")
    assert features_of(classifier()) == ("age", "balance", "job")
    rows, later = np.arange(60), np.arange(60, N)
    for features, expected in ((features_of(PLAN), ("age", "balance")), ((), CONTRACT.names)):
        job = job_of(question(features), rows, later, tmp_path)
        assert (tuple(job.columns), job.contract.names) == (expected, expected)


def test_what_is_asked_again_makes_sense_where_a_protected_column_is_gone() -> None:
    brief = Brief(target="y", protected=("sex",), fairness="selection", fairness_thresholds=True)
    for names, protected in ((["sex", "a"], ("sex",)), (["a"], ())):
        again = _without(brief, names)
        refuse_nonsense(again)
        assert (again.protected, again.fairness_thresholds) == (protected, bool(protected))


def test_a_challenger_of_a_replay_answers_with_the_odds_of_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = np.tile([0.6, 0.4], (20, 1))
    monkeypatch.setattr(worlds, "predict_later", lambda *asked: raw)
    asked = question(features_of(PLAN))
    world = World(
        first=SimpleNamespace(plan=PLAN),  # type: ignore[arg-type]
        members=(("a", 1.0), ("b", 3.0)),  # type: ignore[arg-type]
        table=None, question=asked, known_at=asked.order, old=0, folder=Path(), made=1,
    )  # fmt: skip
    said = world.predicted(np.arange(60), np.arange(60, N), Cost())
    jobs = asked.columns["job"].to_object()[60:]
    factor = np.array([{"admin": 4.0, "student": 0.25}.get(job, 1.0) for job in jobs])
    assert {4.0, 0.25, 1.0} == set(factor)
    np.testing.assert_allclose(said[:, 1], 0.4 * factor / (0.4 * factor + 0.6))
