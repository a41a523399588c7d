"""What a version is worth: as its run has measured, on a file, and under other amounts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import modelwright as mw
from modelwright.brief import Brief
from modelwright.brief.money import Money
from modelwright.cli import main
from modelwright.data.columns import take
from modelwright.errors import UsageError
from modelwright.labelled import Labelled
from modelwright.pricing import _another, _rivals, price_of_run, price_version
from modelwright.runtime.group_odds import Cut, GroupOdds
from tests.cli.helpers import table
from tests.package.building import CONTRACT, classifier, some_columns


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> mw.Project:
    folder = tmp_path_factory.mktemp("priced")
    (folder / "train.csv").write_text(table(300))
    (folder / "later.csv").write_text(table(400, seed=5))
    return mw.run(
        folder / "train.csv", target="target", payoff={"tp": 10, "fp": -5}, currency="€", trials=1,
        project=folder / "made",
    )  # fmt: skip


def _later(project: mw.Project) -> str:
    return str(Path(project.path).parent / "later.csv")


def test_what_the_run_has_measured(project):
    found = price_of_run(project, 1)
    assert found.worth.value.unit == "€" and found.worth.value.low > 0
    assert project.result["worth"]["per"]["1,000 cases"]["value"] == found.worth.per_thousand.value


def test_on_a_file_the_version_decides_as_it_does(project):
    found = price_version(project, _later(project))
    answers = project.predict(_later(project))
    acted = (answers["prediction"] == "yes").to_numpy()
    truth = [line.endswith(",yes") for line in Path(_later(project)).read_text().splitlines()[1:]]
    by_hand = sum(10 if t else -5 for t, a in zip(truth, acted, strict=True) if a) / len(truth)
    assert found.worth.value.value == pytest.approx(by_hand) and found.worth.value.n == 400
    assert found.threshold == project.version().plan.threshold
    assert [(s.outcome, s.factor) for s in found.worth.swings][:2] == [("tp", 0.8), ("tp", 1.2)]


def test_the_file_of_the_run_flatters_and_that_is_told(project, tmp_path, capsys):
    copied = tmp_path / "another name.csv"
    copied.write_bytes((Path(project.path).parent / "train.csv").read_bytes())
    found = price_version(project, copied)
    assert "what it brings is flattered" in found.warning
    assert found.measured_on == "300 rows of the file that the version learned from, which flatters it"
    assert price_version(project, _later(project)).warning == ""
    main(["worth", str(project.path), str(copied), "--quiet"])
    assert "what it brings is flattered" in capsys.readouterr().err


def test_the_simpler_ways_are_those_of_the_run(project):
    told = project.worth()
    for found, learned in ((project.worth(_later(project)), 320), (project.worth(_later(project), cases=9), 320)):
        assert [w.name for w in found.worth.ways] == [w.name for w in told.worth.ways]
        assert f"from {learned} other rows of this file" in found.worth.notes[0]
    other = project.worth(_later(project), payoff={"tp": 4, "fp": -5})
    assert {w.name for w in told.worth.ways} == {w.name for w in other.worth.ways} and "200 other" in other.worth.notes[
        0
    ]


def test_simpler_ways_are_held_to_the_thresholds_by_group_of_the_version():
    plain, plan = classifier(), classifier(by_group=GroupOdds(
        cuts=(Cut(column="job", levels=("admin", "student")),), factors=np.array([4.0, 0.25])
    ))  # fmt: skip
    columns, y = some_columns(120), (np.arange(120) % 3 == 0).astype(float)
    found = Labelled(columns=columns, y=y, contract=CONTRACT, brief=Brief(), folder=Path())
    rows = np.arange(40, 120)
    before, after = (_rivals(p, found, rows, "roc_auc")[0] for p in (plain, plan))
    for name, (_, said) in before.items():
        np.testing.assert_allclose(after[name][1], plan.moved(said, take(columns, rows)), atol=1e-12)
        assert (after[name][1] != said).any()


def test_other_amounts_are_settled_on_rows_that_do_not_count(project):
    found = price_version(
        project, _later(project), money=Money(payoff={"tp": 1, "fp": -9}, cases=100, capacity=10, period="week")
    )
    assert found.worth.value.n == 200 and found.threshold > project.version().plan.threshold
    assert found.worth.acted <= 0.2 and found.worth.period == "week" and found.worth.capacity == 10
    again = price_version(
        project, _later(project), money=Money(payoff={"tp": 1, "fp": -9}, cases=100, capacity=10, period="week")
    )
    assert again == found


def test_the_version_decides_as_it_does_unless_another_decision_may_follow(project):
    later = _later(project)
    told = price_version(project, later, money=Money(currency="CHF", cases=100, period="week"))
    assert told.worth.value.n == 400 and told.threshold == project.version().plan.threshold
    assert told.worth.currency == "CHF" and told.worth.per_period is not None
    assert price_version(project, later, money=Money(payoff={"tp": 10, "fp": -5})).worth.value.n == 400
    assert price_version(project, later, money=Money(cases=100, capacity=10)).worth.value.n == 200


@pytest.mark.parametrize(
    ("given", "another"),
    [
        ({"cases": 2000}, True),
        ({"cases": 2000, "capacity": 200}, False),
        ({"cases": 100}, True),
        ({"capacity": 2000}, True),
        ({"currency": "CHF", "period": "week"}, False),
        ({"payoff": {"tp": 10, "fp": -5}}, False),
        ({"payoff": {"tp": 11, "fp": -5}}, True),
    ],
)
def test_another_decision_follows_from_another_payoff_or_another_share(given, another):
    first = Brief().merged(payoff={"tp": 10, "fp": -5}, cases=1000, capacity=100)
    assert _another(first.merged(**given), first, ("no", "yes")) is another


def test_of_the_project_without_rows_other_amounts_are_refused(project):
    assert project.worth() == price_of_run(project, 1) and project.worth(version=1) == project.worth()
    for amounts in ({"payoff": {"tp": 1}}, {"currency": "€"}, {"cases": 9}, {"period": "day"}, {"capacity": 3}):
        with pytest.raises(UsageError, match=r"other amounts need rows with the truth.*MW-U425"):
            project.worth(**amounts)
    with pytest.raises(TypeError, match="payof"):
        project.worth(payof={"tp": 1})
    assert project.worth(_later(project), cases=100).worth.value.n == 400


def test_the_command(project, capsys):
    assert main(["worth", str(project.path)]) == 0
    said = capsys.readouterr().out
    assert "the best simpler way" in said.splitlines()[0] and "Acted on is a chance of" in said
    arguments = ["worth", str(project.path), _later(project), "--payoff", "tp=1", "--payoff", "fp=-9", "--json"]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["version"] == 1 and told["worth"]["value"]["n"] == 200 and told["threshold"] > 0.5
    assert main(["worth", str(project.path), "--capacity", "3"]) == 2
    assert "MW-U425" in capsys.readouterr().err


def test_amounts_that_make_no_sense_are_refused(project):
    with pytest.raises(UsageError, match=r"names 'over', and the target is two classes.*MW-U307"):
        price_version(project, _later(project), money=Money(payoff={"over": -1, "under": -1}))
    with pytest.raises(UsageError, match=r"give a table of numbers.*MW-U002"):
        project.worth(_later(project), payoff=["tp"])


def test_where_nothing_was_said_there_is_nothing_to_tell(tmp_path):
    (tmp_path / "train.csv").write_text(table(120, target="number"))
    bare = mw.run(tmp_path / "train.csv", target="target", trials=1, project=tmp_path / "made")
    for price in (lambda: price_of_run(bare, 1), lambda: price_version(bare, str(tmp_path / "train.csv"))):
        with pytest.raises(UsageError, match=r"was not said when version 1 was made.*--payoff.*MW-U424"):
            price()
    found = price_version(bare, str(tmp_path / "train.csv"), money=Money(payoff={"over": -1, "under": -4}))
    assert found.worth.value.value < 0 and found.threshold is None and "below the decision in 80%" in found.why
