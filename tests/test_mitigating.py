"""Runs that are asked to be fair: what is tried, what is chosen, and what is packaged."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

import modelwright as mw
from modelwright.evaluate.measurements import Measurement
from modelwright.govern.fairness.margins import Margins
from modelwright.steps.fairer import chosen, judgement, why_chosen
from modelwright.steps.mitigating import next_strength


def _applicants(n=900, seed=0):
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], n)
    skill, noise = rng.normal(size=n), rng.normal(size=n)
    hours = rng.normal(40, 6, n) + np.where(sex == "m", 3.0, 0.0)
    chance = 1 / (1 + np.exp(-(1.3 * skill + np.where(sex == "m", 0.9, -0.9))))
    hired = np.where(rng.random(n) < chance, "yes", "no")
    return pd.DataFrame({"sex": sex, "skill": skill, "hours": hours, "noise": noise, "hired": hired})


@pytest.fixture(scope="module")
def fair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fair") / "made"
    brief = {"target": "hired", "positive": "yes", "protected": ["sex"], "fairness": "selection", "trials": 2}
    return mw.run(_applicants(), project=str(folder), **brief)


@pytest.mark.slow
def test_a_fairer_model_is_chosen_and_packaged_without_the_column(fair):
    import json

    run = json.loads((fair.run_folder("0001") / "evaluation.json").read_text())["body"]
    options = run["fairness"]["options"]
    assert options[0]["name"] == "as it was"
    assert options[0]["ratio_then"] < 0.8
    taken = next(o for o in options if o["chosen"])
    assert taken["ratio_then"] > options[0]["ratio_then"]
    assert taken["ratio"]["ratio"]["low"] is not None
    assert taken["score"]["low"] < taken["score"]["value"] < taken["score"]["high"]
    assert [(f["column"], f["changed"]) for f in run["fairness"]["flips"]] == [("sex", None)]  # it is not seen
    version = fair.version()
    assert "sex" not in version.plan.contract.names
    answers, violations = version.predict(_applicants(20, seed=1).drop(columns=["sex", "hired"]))
    assert {len(column) for column in answers.values()} == {20}
    assert not [v for v in violations if "sex" in str(v)]


@pytest.mark.slow
def test_the_ledger_has_the_choice_once_and_no_time_for_its_reason(fair):
    told = [(d.question, d.choice, d.why) for d in fair.why()]
    assert [q for q, _, _ in told].count("fairer model") == 1
    assert not [choice for _, choice, why in told if "fairer one" in choice and why == "the time budget"]


@pytest.mark.slow
def test_the_report_tells_what_being_fairer_costs(fair):
    text = fair.report.path.read_text()
    assert "What being fairer costs" in text
    assert "(chosen)" in text.split('id="groups"')[1]
    assert [d.choice for d in fair.why("fairness")] == ["selection"]


def test_the_strength_is_searched_for_along_a_line():
    assert next_strength([(0.0, 0.5)], 0.8) == 1.0
    assert next_strength([(0.0, 0.5), (0.0, 0.6), (1.0, 0.7)], 0.8) == 2.2
    assert next_strength([(0.0, 0.6), (1.0, 0.61)], 0.8) == 4.0
    assert next_strength([(0.0, 0.6), (1.0, 0.9)], 0.8) == 0.8
    assert next_strength([(0.0, 0.6), (0.8, 0.82), (1.0, 0.9)], 0.8) == 0.7
    assert next_strength([(0.0, 0.5), (0.0, 0.85)], 0.8) is None
    assert next_strength([(0.0, 0.6), (12.0, 0.7)], 0.8) is None


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """A run that is allowed to look at the group when it decides."""
    folder = tmp_path_factory.mktemp("apart") / "made"
    brief = {"target": "hired", "positive": "yes", "protected": ["sex"], "fairness": "selection", "trials": 2}
    return mw.run(_applicants(), project=str(folder), fairness_thresholds=True, **brief)


@pytest.mark.slow
def test_groups_get_thresholds_of_their_own_where_the_brief_allows_it(apart):
    import json

    run = json.loads((apart.run_folder("0001") / "evaluation.json").read_text())["body"]["fairness"]
    taken = next(o for o in run["options"] if o["chosen"])
    assert (taken["name"], taken["reads"]) == ("own thresholds, all alike", ["sex"]), "so few rows leave no room"
    assert taken["gain"]["low"] > 0.2 and 0 < taken["lost"] < 0.5
    assert taken["ratio"]["ratio"]["value"] > 0.75
    assert 0 < run["flips"][0]["changed"]["value"] < 0.05  # thresholds take back what the model says by the group
    version = apart.version()
    assert version.plan.by_group is not None and version.plan.by_group.columns == ("sex",)
    version.self_test()
    rows = _applicants(400, seed=1).drop(columns="hired")
    said, alone = version.predict(rows)[0], [version.predict_row(r)[0] for r in rows.head(20).to_dict("records")]
    assert [a["prediction"] for a in alone] == list(said["prediction"][:20])
    assert [a["probability_yes"] for a in alone] == pytest.approx(list(said["probability_yes"][:20]), abs=1e-9)
    women = np.mean(said["prediction"][(rows.sex == "f").to_numpy()] == "yes")
    men = np.mean(said["prediction"][(rows.sex == "m").to_numpy()] == "yes")
    assert min(women, men) / max(women, men) > 0.7
    summary = json.loads((apart.run_folder("0001") / "summary.json").read_text())["body"]["fairness"]
    assert (summary["answer"], summary["model"], summary["by"]) == ("met", taken["name"], ["sex"])
    text = apart.report.path.read_text()
    assert "It decides by the groups of sex, as the brief allows" in text


@dataclass(frozen=True)
class _Option:
    ratio: float | None
    loss: float
    gain: Measurement | None = None
    lost: float = 0.0
    margins: Margins = field(default_factory=Margins)


def _tried(ratio, loss, lost, low=0.1, gain=0.2, **margins):
    gain = Measurement(name="ratio_gain", value=gain, low=low, high=0.4, n=900, method="")
    return _Option(ratio, loss, gain, lost, Margins(**margins))


def test_the_least_loss_is_taken_of_those_fair_enough_or_nearly_the_fairest():
    unfair, fair, fairer = _Option(0.5, 0.1), _tried(0.82, 0.2, 0.1), _tried(0.95, 0.3, 0.2)
    assert chosen([unfair, fair, fairer], 0.8) is fair
    assert chosen([unfair, fairer], 0.8) is fairer
    near, nearest = _tried(0.66, 0.2, 0.1), _tried(0.7, 0.4, 0.2)
    assert chosen([unfair, near, nearest], 0.8) is near
    assert chosen([unfair, _Option(None, 0.0)], 0.8) is unfair


def test_a_ratio_that_is_surely_reached_goes_before_one_that_is_reached_by_luck():
    unfair = _Option(0.3, 0.1)
    luck, sure = _tried(0.9, 0.2, 0.1, sure=0.7), _tried(0.95, 0.3, 0.2, sure=0.82)
    assert chosen([unfair, luck, sure], 0.8) is sure
    shown, dear = _tried(0.98, 0.3, 0.25, sure=0.9, shown=0.81), _tried(1.0, 0.3, 0.45, sure=0.9, shown=0.85)
    assert chosen([unfair, luck, sure, shown, dear], 0.8) is shown
    assert chosen([unfair, luck, sure, dear], 0.8) is sure
    assert why_chosen(sure, [unfair, luck, sure, dear], 0.8).endswith("it loses least, on out-of-fold rows")
    assert "what loses less could not be expected to be met" in why_chosen(shown, [unfair, luck, sure, shown], 0.8)
    assert "none that helps in proportion surely reaches 0.8" in why_chosen(luck, [unfair, luck], 0.8)
    assert why_chosen(unfair, [unfair], 0.8).startswith("nothing that was tried helps")


def test_what_costs_nothing_need_not_be_sure_to_help():
    unfair, free = _Option(0.4, 0.1), _tried(0.6, 0.1, 0.01, low=-0.05)
    assert judgement(free, unfair, 0.8) == ""
    assert chosen([unfair, free], 0.8) is free
    for other in (_tried(0.6, 0.1, 0.03, low=-0.05), _tried(0.44, 0.1, 0.01, low=-0.05, gain=0.04)):
        assert judgement(other, unfair, 0.8) == "it does not help beyond the noise"


def test_what_does_not_help_or_costs_too_much_is_not_taken():
    unfair = _Option(0.12, 0.11)
    luck = _tried(0.16, 0.19, 0.2, low=-0.02)
    assert judgement(luck, unfair, 0.8) == "it does not help beyond the noise"
    dear = _tried(0.16, 0.19, 0.2, low=0.01)
    assert judgement(dear, unfair, 0.8) == "it costs more than it helps"  # a fifth of its worth for 6 % of the way
    useless = _tried(0.9, 0.4, 0.7)
    assert judgement(useless, unfair, 0.8) == "it costs more than it helps"
    assert chosen([unfair, luck, dear, useless], 0.8) is unfair
    assert chosen([unfair, luck, dear, useless, worthy := _tried(0.5, 0.2, 0.2)], 0.8) is worthy
