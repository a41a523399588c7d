"""Features made of two columns: those that carry the signal are found, and nothing is made of noise or of few rows."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import Contract, Kind
from modelwright.features.generated import MOST_KEPT, Pairing, generated, made_of
from modelwright.features.views import fit_view
from modelwright.runtime.views import ViewPlan
from tests.features.factory import table

N = 800
RNG = np.random.default_rng(1)
CITIES = np.array(["Bern", "Basel", "Genf", "Chur", "Zug"])


def houses() -> tuple[Columns, Contract]:
    """Prices, sizes, dates and cities that have nothing to do with each other."""
    start = 1.6e9 + RNG.integers(0, 300, N) * 86_400.0
    return table(
        price=(Kind.NUMBER, RNG.lognormal(3.0, 0.5, N)),
        size=(Kind.NUMBER, RNG.uniform(20.0, 200.0, N)),
        rooms=(Kind.NUMBER, RNG.integers(1, 6, N)),
        city=(Kind.CATEGORY, CITIES[RNG.integers(0, 5, N)]),
        listed=(Kind.DATETIME, start),
        sold=(Kind.DATETIME, start + RNG.exponential(40.0, N) * 86_400.0),
    )


COLUMNS, CONTRACT = houses()


def numbers(name: str) -> np.ndarray:
    column = COLUMNS[name]
    assert isinstance(column, np.ndarray)
    return column


def fit(y: np.ndarray, view: str = "crossed", n_classes: int = 0, seed: int = 0) -> ViewPlan:
    objective = "classify" if n_classes else "regress"
    return fit_view(view, COLUMNS, CONTRACT, y, objective=objective, n_classes=n_classes, seed=seed)[0]


def noise(scale: float) -> np.ndarray:
    return np.random.default_rng(2).normal(0.0, scale, N)


@pytest.mark.parametrize("view", ["crossed", "native_crossed"])
def test_a_ratio_that_carries_the_signal_is_found(view: str) -> None:
    plan = fit(numbers("price") / numbers("size") + noise(0.01), view)
    assert "price / size" in plan.names or "size / price" in plan.names


def test_time_between_dates_is_found() -> None:
    plan = fit((numbers("sold") - numbers("listed")) / 86_400.0 + noise(2.0))
    assert {"listed - sold", "sold - listed"} & set(plan.names)


def test_a_number_next_to_its_city_is_found_and_is_what_it_says() -> None:
    city = COLUMNS["city"]
    assert isinstance(city, Strings)
    price = numbers("price") + 100.0 * city.codes
    columns = {**COLUMNS, "price": price}
    y = numbers("price") - 0.5 * price
    plan, _ = fit_view("crossed", columns, CONTRACT, y, objective="regress", n_classes=0, seed=0)
    name = next(n for n in plan.names if n in ("price:less in city", "price:standing in city"))
    feature = plan(columns).matrix[:, plan.names.index(name)]
    own = city.codes == 2
    assert np.corrcoef(feature[own], price[own])[0, 1] > 0.999999
    assert abs(feature[own].mean()) < 0.1 * np.ptp(feature[own])


def test_a_handful_at_most_is_kept() -> None:
    plan, plain = fit(numbers("price") * numbers("size") + noise(1.0)), fit(noise(1.0), "trees")
    made = [n for n in plan.names if n not in plain.names and ":target" not in n]
    assert 0 < len(made) <= MOST_KEPT


def test_same_seed_same_choice() -> None:
    y = (numbers("price") / numbers("size") > 0.2).astype(float)
    first, again = fit(y, n_classes=2, seed=5), fit(y, n_classes=2, seed=5)
    assert first.names == again.names
    np.testing.assert_array_equal(first(COLUMNS).matrix, again(COLUMNS).matrix)


def test_levels_with_few_rows_are_drawn_to_all_rows() -> None:
    columns, _ = table(
        x=(Kind.NUMBER, [*[0.0] * 50, *[10.0] * 50, *[10.0] * 6]), c=(Kind.CATEGORY, "a" * 50 + "b" * 56)
    )
    columns["c"] = Strings.from_values([*"a" * 50, *"b" * 50, *"c" * 6])
    (mean,), _ = made_of([Pairing("x", "c", "mean")], columns)
    a, b, rare, new, missing = mean({"c": Strings.from_values(["a", "b", "c", "new", None])})[:, 0]
    overall = 560.0 / 106.0
    assert 0.0 < a < 1.0 and 9.0 < b < 10.0 and overall < rare < b
    assert new == pytest.approx(overall) and missing == pytest.approx(overall)


def test_numbers_of_few_values_are_not_paired() -> None:
    listed = list(generated(COLUMNS, ["price", "rooms", "size"], ["city"], []))
    assert {p.a for p in listed} | {p.b for p in listed} == {"price", "size", "city"}


def test_the_order_is_that_of_the_features() -> None:
    asked = list(generated(COLUMNS, ["price", "size"], ["city"], ["listed", "sold"]))
    ops, pairings = made_of(asked, COLUMNS)
    assert sorted(map(str, pairings)) == sorted(map(str, asked))
    sources = [source for op in ops for source in op.sources]
    for pairing, source in zip(pairings, sources, strict=True):
        assert set(source) <= {pairing.a, pairing.b} and (len(source) == 2 or pairing.how == "mean")
