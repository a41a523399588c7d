from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.brief import Brief, Limits, parse_duration, parse_size, read_brief, write_brief
from modelwright.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("5m", 300), ("1h30m", 5400), (90, 90), ("2.5min", 150), ("1 h", 3600)]
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5 parsecs", "-3s", "0s", "nan", "1e3", "5m!", "721h", "10000000000h"])
def test_bad_durations(text):
    with pytest.raises(UsageError) as caught:
        parse_duration(text)
    assert caught.value.code == "MW-U003" and caught.value.exit_code == 2


@pytest.mark.parametrize(("text", "size"), [("2GB", 2 * 10**9), ("500 MB", 5 * 10**8), (1024, 1024), ("1k", 1000)])
def test_sizes(text, size):
    assert parse_size(text) == size


def test_unknown_field_suggests_the_right_one():
    with pytest.raises(UsageError, match="did you mean 'target'"):
        Brief().merged(targte="x")


@pytest.mark.parametrize(
    "fields",
    [
        {"seed": -1},
        {"seed": True},
        {"payoff": {"tp": "much"}},
        {"drop": [1]},
        {"trials": 0},
        {"latency": "0ms"},
        {"fairness": "equal"},
        {"fairness_ratio": 1.5},
        {"fairness_ratio": 0},
        {"fairness_ratio": True},
        {"fairness_thresholds": "yes"},
        {"fairness_thresholds": 1},
        {"abstain": 0.7},
        {"abstain": 0},
        {"abstain": "few"},
        {"tolerance": "much"},
        {"tolerance": 0},
        {"tolerance": "-5%"},
    ],
)
def test_wrong_values(fields):
    with pytest.raises(UsageError):
        Brief().merged(**fields)


def test_a_risk_and_a_tolerance_are_kept(tmp_path):
    brief = Brief().merged(source="/data.csv", target="y", abstain="0.05", tolerance=" 10 % ", interval_by="region")
    assert (brief.abstain, brief.tolerance) == (0.05, "10%")
    (tmp_path / "brief.toml").write_text(write_brief(brief))
    assert read_brief(tmp_path / "brief.toml") == brief
    assert Brief().merged(tolerance=500).tolerance == "500"


def test_trust_is_a_table_of_its_own(tmp_path):
    brief = Brief().merged(source="/data.csv", target="y", fairness="errors", fairness_ratio="0.9")
    text = write_brief(brief)
    assert '[trust]\nfairness = "errors"\nfairness_ratio = 0.9\n' in text
    (tmp_path / "brief.toml").write_text(text)
    assert read_brief(tmp_path / "brief.toml") == brief
    assert "[trust]" not in write_brief(Brief())


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)


@given(
    target=names,
    goal=st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=30),
    drop=st.lists(names, max_size=3).map(tuple),
    kinds=st.dictionaries(names, st.sampled_from(["number", "category"]), max_size=3),
    payoff=st.dictionaries(st.sampled_from(["tp", "fp"]), st.floats(-1e6, 1e6), max_size=2),
    seed=st.integers(0, 2**31),
    budget=st.floats(1, 1e5),
)
def test_toml_round_trip(tmp_path_factory, target, goal, drop, kinds, payoff, seed, budget):
    brief = Brief(
        source="/data/a.csv",
        target=target,
        goal=goal,
        drop=drop,
        kinds=kinds,
        payoff=payoff,
        seed=seed,
        allow=("A014:x",),
        limits=Limits(budget_s=round(budget), memory_bytes=10**9, trials=7),
    )
    path = tmp_path_factory.mktemp("brief") / "brief.toml"
    path.write_text(write_brief(brief), encoding="utf-8")
    assert read_brief(path) == brief


def test_relative_paths_start_at_the_brief(tmp_path):
    (tmp_path / "brief.toml").write_text('source = "a.csv"\ntarget = "y"\n[limits]\nbudget = "2m"\n')
    brief = read_brief(tmp_path / "brief.toml")
    assert brief.source == str(tmp_path / "a.csv") and brief.limits.budget_s == 120


@pytest.mark.parametrize("text", ["target = ", "limits = 3", "nonsense = 1", "\x00"])
def test_bad_briefs(tmp_path, text):
    (tmp_path / "brief.toml").write_text(text)
    with pytest.raises(UsageError):
        read_brief(tmp_path / "brief.toml")


def test_missing_brief(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        read_brief(tmp_path / "none.toml")
