"""Policies are data files: ours are whole, and one of the user's own is checked."""

from __future__ import annotations

import pytest

from modelwright.data.treating.treatment import Action
from modelwright.errors import UsageError
from modelwright.govern.privacy.policy import POLICIES, Datum, load_policy


@pytest.mark.parametrize("name", POLICIES)
def test_ours_say_something_of_every_kind(name):
    policy = load_policy(name.upper())
    assert set(policy.actions) == set(Datum) and policy.title and policy.basis and policy.k >= 5
    for datum in (Datum.NAME, Datum.EMAIL, Datum.PHONE, Datum.ADDRESS, Datum.NATIONAL_ID, Datum.CARD, Datum.NETWORK):
        assert policy.action(datum) == (Action.DROP, None)
    assert all(datum.words for datum in Datum)


def test_safe_harbor_is_as_the_rule_says():
    policy = load_policy("hipaa")
    kept = {d for d in Datum if policy.action(d)[0] is not Action.DROP}
    assert kept == {Datum.BIRTH_DATE, Datum.DATE, Datum.AGE, Datum.POSTCODE}
    assert policy.action(Datum.AGE) == (Action.CAP, 90.0) and policy.oldest == 90
    assert policy.action(Datum.POSTCODE) == (Action.PREFIX, 3.0)
    assert len(policy.few_people) == 17 and all(len(p) == 3 for p in policy.few_people)


def test_one_of_your_own(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text('title = "Ours"\nk = 10\n[actions]\nname = "mask"\n')
    policy = load_policy(str(path))
    assert policy.name == "ours" and policy.k == 10
    assert policy.action(Datum.NAME) == (Action.MASK, None) and policy.action(Datum.EMAIL) == (Action.KEEP, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title =", "Invalid"),
        ("k = 5", "no table [actions]"),
        ('[actions]\nnames = "drop"', "did you mean 'name'"),
        ('colour = 1\n[actions]\nname = "drop"', "the field 'colour'"),
        ('k = 1\n[actions]\nname = "drop"', "from 2 to 1000"),
        ('k = true\n[actions]\nname = "drop"', "from 2 to 1000"),
    ],
)
def test_what_is_no_policy(tmp_path, text, said):
    path = tmp_path / "ours.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load_policy(str(path))
    assert caught.value.code == "MW-U904" and said in caught.value.what


def test_what_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'gdpr'") as caught:
        load_policy("gdrp")
    assert caught.value.code == "MW-U903"
    with pytest.raises(UsageError) as caught:
        load_policy(str(tmp_path / "none.toml"))
    assert caught.value.code == "MW-U904"
