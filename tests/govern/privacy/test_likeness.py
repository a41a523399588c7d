"""What is personal though it is not called so: numbers dialled at home, births, persons, and their neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.data.personal.births import lie_like_births
from modelwright.data.personal.persons import persons_in
from modelwright.data.personal.phones import dialled_share
from modelwright.govern.privacy.detecting import detect
from modelwright.govern.privacy.policy import Datum
from tests.govern.privacy.test_deciding import context

N = 400
GIVEN = ("Anna", "Luis", "Chiara", "Ahmed", "Ingrid", "Pavel", "Yuki", "Priya", "Jean-Paul", "Katarzyna")
FAMILY = ("Dubois", "O'Neill", "van Dijk", "García-Márquez", "Öztürk", "Novák", "Hoffmann", "Lopez")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def digits(rng: np.random.Generator, pattern: str) -> str:
    """Return a text with a digit in the place of each ``#``."""
    return "".join(str(rng.integers(0, 10)) if c == "#" else c for c in pattern)


def found_in(rng: np.random.Generator, **columns: list[str]) -> dict[str, Datum]:
    n = len(next(iter(columns.values())))
    table = {**columns, "size": rng.normal(0, 1, n).tolist(), "churn": ["yes", "no"] * (n // 2)}
    return {name: said.datum for name, said in detect(context(table)).items()}


def dates(days: np.ndarray) -> list[str]:
    return [str(d) for d in (np.datetime64("1970-01-01") + days.astype("timedelta64[D]"))]


@pytest.mark.parametrize(
    "pattern",
    ["0170/45#####", "06 1# ## ## ##", "020 79## ####", "(030) 45#####", "090-12##-####", "+49 30 45#####",
     "070-12# ## ##", "Tel. 0512 5#####", "0800 123### ext. 12"],
)  # fmt: skip
def test_numbers_as_they_are_dialled_at_home_are_found_under_any_name(rng, pattern):
    said = [digits(rng, pattern) for _ in range(40)]
    assert found_in(rng, kk=[said[i] for i in rng.integers(0, 40, N)])["kk"] is Datum.PHONE


def test_where_the_name_speaks_of_reaching_somebody_digits_are_enough(rng):
    said = [digits(rng, "55# ####") for _ in range(40)]
    assert dialled_share(said, ("contact",)) == 1.0
    assert dialled_share(said, ("batch",)) == 0.0


@pytest.mark.parametrize(
    "pattern",
    ["0#.0#.2010", "2010-0#-1#", "201#/201#", "0.#######", "978-3-16-14####-#", "00##-####", "AB-01#-####", "1#-##"],
)
def test_other_numbers_in_groups_are_no_phones(rng, pattern):
    assert dialled_share([digits(rng, pattern) for _ in range(200)], ()) == 0.0


def test_dates_that_lie_like_births_are_found_under_any_name(rng):
    born = dates(rng.integers(-14_000, 13_000, N))  # 1931 to 2005
    hired = np.sort(rng.integers(14_000, 20_400, N))
    found = found_in(rng, d1=born, since=dates(hired))
    assert found["d1"] is Datum.BIRTH_DATE and found["since"] is Datum.DATE


def test_what_happened_over_decades_is_no_birth(rng):
    day, now = 86_400.0, 20_600 * 86_400.0
    spread = rng.integers(-10_000, 13_000, 2000)
    assert lie_like_births(spread * day, now, people=False)
    unknown = np.where(rng.random(2000) < 0.8, 0, spread)
    assert lie_like_births(unknown * day, now, people=False), "equal dates are in no order"
    assert not lie_like_births(np.sort(spread) * day, now, people=False), "rows in the order of time"
    assert not lie_like_births(spread[(spread + 3) % 7 < 5] * day, now, people=True), "never on a weekend"
    assert not lie_like_births(spread * day + 3600.0, now, people=True), "hours"
    firsts = np.array([np.datetime64(d, "M").astype("datetime64[D]").astype(int) for d in dates(spread)])
    assert not lie_like_births(firsts * day, now, people=True), "first days of months"
    assert not lie_like_births(rng.integers(18_000, 20_000, 500) * day, now, people=True), "a few years"


@pytest.mark.parametrize("column", ["advisor", "kk"])
def test_few_persons_that_come_again_are_found(rng, column):
    people = [f"{f}, {g}" for f, g in zip(FAMILY, GIVEN)]
    assert found_in(rng, **{column: rng.choice(people, N).tolist()})[column] is Datum.NAME


def test_persons_are_known_by_how_names_are_written():
    all_of_them = persons_in(
        [f"{f}, {g}" for f in FAMILY for g in GIVEN] + [f"Dr. {g} {f}" for f in FAMILY for g in GIVEN]
    )
    assert all_of_them.share == 1.0 and all_of_them.known > 0.9 and all_of_them.turned == 0.5
    places = persons_in(["San Jose", "Santa Cruz", "New York", "Bad Aibling", "Portland, Oregon", "Los Altos"])
    assert places.known == 0.0


def test_given_names_and_families_beside_full_names_are_found(rng):
    given, family = rng.choice(GIVEN, N), rng.choice(FAMILY, N)
    found = found_in(
        rng, customer_name=[f"{g} {f}" for g, f in zip(given, family)], a=given.tolist(), b=family.tolist()
    )
    assert found["customer_name"] is found["a"] is found["b"] is Datum.NAME


def test_a_code_with_one_value_for_each_person_singles_out(rng):
    who = rng.integers(0, 40, N)
    mails, codes = [f"p{i}@mail.example" for i in who], [f"{'ABCDEFGH'[i % 8]}{'UVWXYZ'[i // 8]}" for i in who]
    found = found_in(rng, e=mails, code=codes, plan=rng.choice(["a", "b", "c"], N).tolist())
    assert found["e"] is Datum.EMAIL and found["code"] is Datum.IDENTIFIER and "plan" not in found


def test_places_shops_and_plans_are_left_alone(rng):
    columns = {
        "shop": ["Blue Moon", "Sun Side", "Green Gate", "Old Mill", "North Star", "High Gate", "West End", "Red Lion"],
        "town": ["San Jose", "Santa Ana", "Fort Worth", "Los Altos", "New Orleans", "Red Wing", "El Paso", "St Paul"],
        "model": ["Fiat Punto", "Ford Fiesta", "Opel Astra", "Audi Coupe", "Seat Leon", "Kia Rio", "Mini One", "VW Go"],
        "born_in": ["Italy", "France", "Spain", "Chile", "Peru", "Kenya", "India", "Nepal"],
        "native_born": ["yes", "no"] * 4,
    }  # fmt: skip
    found = found_in(rng, **{k: rng.choice(v, N).tolist() for k, v in columns.items()})
    assert found == {"town": Datum.PLACE}
