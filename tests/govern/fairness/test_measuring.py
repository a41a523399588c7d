"""Measures by group against formulas written out by hand, their ratios, and groups too small to be accused."""

import numpy as np
import pytest

from modelwright.govern.fairness.groups import Grouping, group_by, groupings
from modelwright.govern.fairness.measuring import Judged, group_table, measure_fairness, widest_pair
from modelwright.govern.fairness.rates import Rate, difference, ratio, share, shrink

LABELS = ("a", "b", "c")


def _world(n=3000, seed=0, sizes=(0.5, 0.3, 0.2)):
    rng = np.random.default_rng(seed)
    codes = rng.choice(len(sizes), n, p=sizes)
    chance = np.clip(rng.beta(2, 3, n) + 0.1 * codes, 0.01, 0.99)
    y = (rng.random(n) < chance).astype(float)
    noisy = np.clip(chance + rng.normal(0, 0.15, n), 0.01, 0.99)
    return y, np.column_stack([1 - noisy, noisy]), Grouping(("g",), LABELS[: len(sizes)], codes)


def _values(table, name):
    at = [m.name for m in table.rows[0].measures].index(name)
    return [row.measures[at].value for row in table.rows]


def test_every_measure_of_two_classes_is_what_the_formula_says():
    y, prediction, grouping = _world()
    table = group_table(Judged(y=y, prediction=prediction, threshold=0.45), grouping, least=0.8)
    act = prediction[:, 1] >= 0.45
    for code, row in enumerate(table.rows):
        own = grouping.codes == code
        tp, fp = (own & act & (y == 1)).sum(), (own & act & (y == 0)).sum()
        expected = {
            "event_rate": (own & (y == 1)).sum() / own.sum(),
            "selection_rate": (own & act).sum() / own.sum(),
            "true_positive_rate": tp / (own & (y == 1)).sum(),
            "false_positive_rate": fp / (own & (y == 0)).sum(),
            "precision": tp / (tp + fp),
            "observed_over_predicted": y[own].sum() / prediction[own, 1].sum(),
        }
        assert row.n == own.sum()
        for m in row.measures:
            assert m.value == pytest.approx(expected[m.name], abs=1e-12)
            assert m.low < m.value < m.high
    selected = _values(table, "selection_rate")
    found = next(d for d in table.disparities if d.measure == "selection_rate")
    assert found.widest.ratio.value == pytest.approx(min(selected) / max(selected), abs=1e-12)
    assert found.difference.value == pytest.approx(max(selected) - min(selected), abs=1e-12)
    assert (found.widest.low, found.widest.high) == (LABELS[np.argmin(selected)], LABELS[np.argmax(selected)])


def test_values_and_more_classes():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 2, 500)
    y, shown = rng.normal(10, 2, 500), rng.normal(10, 2, (500, 1))
    grouping = Grouping(("g",), ("a", "b"), codes)
    table = group_table(Judged(y=y, prediction=shown, threshold=None, unit="EUR"), grouping, least=0.8)
    error = shown[:, 0] - y
    assert _values(table, "mean_absolute_error") == pytest.approx([np.abs(error[codes == c]).mean() for c in (0, 1)])
    assert _values(table, "mean_error") == pytest.approx([error[codes == c].mean() for c in (0, 1)])
    assert table.rows[0].measures[0].unit == "EUR"
    assert next(d for d in table.disparities if d.measure == "mean_error").widest is None
    three = rng.dirichlet((1, 1, 1), 500)
    truth = rng.integers(0, 3, 500).astype(float)
    table = group_table(Judged(y=truth, prediction=three, threshold=None), grouping, least=0.8)
    right = three.argmax(axis=1) == truth
    assert _values(table, "accuracy") == pytest.approx([right[codes == c].mean() for c in (0, 1)])


def test_a_handful_of_rows_is_shown_and_never_accused():
    y, prediction, grouping = _world(2000, sizes=(0.6, 0.4))
    codes = grouping.codes.copy()
    codes[:12] = 2
    prediction[:12] = [0.99, 0.01]  # none of the twelve is flagged
    table = group_table(Judged(y=y, prediction=prediction, threshold=0.5), Grouping(("g",), LABELS, codes), least=0.8)
    small = table.rows[2]
    at = [m.name for m in small.measures].index("selection_rate")
    assert small.measures[at].value == 0.0
    assert not small.judged[at]
    assert 0 < small.shrunk[at] < _values(table, "selection_rate")[0]
    for d in table.disparities:
        assert "c" not in {g for p in (*d.below, *filter(None, [d.widest])) for g in (p.low, p.high)}


def test_pairs_are_below_only_beyond_the_noise():
    rng = np.random.default_rng(2)
    for n, expected in ((200, False), (8000, True)):
        codes = np.arange(n) % 2
        chance = np.where(rng.random(n) < np.where(codes == 0, 0.5, 0.36), 0.9, 0.1)
        judged = Judged(y=(rng.random(n) < 0.4).astype(float), prediction=np.column_stack([1 - chance, chance]),
                        threshold=0.5)  # fmt: skip
        table = group_table(judged, Grouping(("g",), ("a", "b"), codes), least=0.8)
        d = next(d for d in table.disparities if d.measure == "selection_rate")
        assert bool(d.below) is expected, n


def test_alike_groups_are_seldom_told_apart():
    accused = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        codes = rng.integers(0, 6, 900)
        chance = np.where(rng.random(900) < 0.3, 0.9, 0.1)
        judged = Judged(y=(rng.random(900) < 0.3).astype(float), prediction=np.column_stack([1 - chance, chance]),
                        threshold=0.5)  # fmt: skip
        table = group_table(judged, Grouping(("g",), tuple("abcdef"), codes), least=1.0)
        accused += any(d.below for d in table.disparities if d.measure == "selection_rate")
    assert accused <= 16  # nominal 5 % of 200, and two and a half standard errors


def test_the_interval_of_a_ratio_holds_the_truth():
    rng = np.random.default_rng(3)
    held = []
    for _ in range(2000):
        a, b = rng.binomial(60, 0.2), rng.binomial(150, 0.35)
        low, high = share(np.arange(60) < a, None), share(np.arange(150) < b, None)
        _, lower, upper = ratio(low, high, 0.95)
        _, down, up = difference(low, high, 0.95)
        held.append((lower <= 0.2 / 0.35 <= (np.inf if upper is None else upper), down <= 0.15 <= up))
    assert np.all(np.abs(np.mean(held, axis=0) - 0.95) < 0.02)


def test_no_case_in_a_group_has_a_ratio_of_nought_with_an_upper_end():
    value, low, high = ratio(share(np.zeros(50), None), share(np.arange(100) < 40, None), 0.95)
    assert value == low == 0.0
    assert 0 < high < 0.5
    assert ratio(share(np.zeros(50), None), share(np.zeros(50), None), 0.95) == (None, None, None)


def test_rows_of_one_person_count_as_fewer():
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(40), 10)
    hits = (rng.random(40) < 0.4)[person].astype(float)
    alone, together = share(hits, None), share(hits, person)
    assert together.effective == pytest.approx(40, rel=0.1)
    assert together.value == alone.value
    assert np.ptp(together.between()) > 2 * np.ptp(alone.between())


def test_shrinking_leaves_large_groups_alone_and_draws_small_ones():
    def rate(value, n):
        return Rate(value=value, error=0.0, n=n, units=n, kind="share", effective=n)

    large, larger, small = shrink([rate(0.2, 5000), rate(0.4, 5000), rate(1.0, 3)])
    assert large == pytest.approx(0.2, abs=0.01)
    assert larger == pytest.approx(0.4, abs=0.01)
    assert 0.3 < small < 0.7


@pytest.mark.filterwarnings("error")
def test_where_nobody_was_selected_nothing_is_drawn():
    assert shrink([share(np.zeros(n), None) for n in (5, 400)]) == [0.0, 0.0]


def test_groups_of_numbers_missing_values_and_two_columns():
    from modelwright.data.columns import Strings
    from modelwright.data.contract import ColumnSpec, Contract, Kind

    ages = np.array([20.0, 30, 40, 50, 60, 70, 25, 35, 45, np.nan])
    sex = Strings.from_values(["f", "m", "f", "m", "f", "m", None, "m", "f", "m"])
    specs = [ColumnSpec(name=n, kind=k, why="") for n, k in (("age", Kind.NUMBER), ("sex", Kind.CATEGORY))]
    contract = Contract(columns=tuple(specs), rows_seen=10)
    by_age = group_by("age", ages, contract)
    assert by_age.labels[-1] == "missing"
    assert len(by_age.labels) == 5
    assert by_age.codes[-1] == 4
    assert by_age.labels[0] == "20 – 30"
    by_sex = group_by("sex", sex, contract)
    assert by_sex.labels == ("m", "f", "missing")
    assert by_sex.codes.tolist() == [1, 0, 1, 0, 1, 0, 2, 0, 1, 0]
    single, other, both = groupings({"age": ages, "sex": sex}, ("age", "sex"), contract)
    assert both.columns == ("age", "sex")
    assert both.labels[both.codes[0]] == "20 – 30, f"
    assert (single.codes == by_age.codes).all()
    assert (other.codes == by_sex.codes).all()


def test_many_rows_at_the_largest_number_are_in_the_last_quarter():
    from modelwright.data.contract import ColumnSpec, Contract, Kind

    ages = np.append(np.arange(20.0, 60.0), np.full(30, 90.0))  # "90 and over"
    contract = Contract(columns=(ColumnSpec(name="age", kind=Kind.NUMBER),), rows_seen=70)
    grouping = group_by("age", ages, contract)
    assert grouping.labels == ("20 – 37", "38 – 54", "55 – 90")
    assert np.bincount(grouping.codes).tolist() == [18, 17, 35]


def _labels_of(values, kind="number"):
    from modelwright.data.contract import ColumnSpec, Contract, Kind

    contract = Contract(columns=(ColumnSpec(name="x", kind=Kind(kind)),), rows_seen=len(values))
    return group_by("x", np.asarray(values, dtype=float), contract).labels


def test_groups_are_written_as_people_write_such_values():
    assert _labels_of(18 + np.arange(60) / 12)[0] == "18 – 19.17"  # ages in months
    assert _labels_of(np.arange(1936, 2004))[0] == "1936 – 1952"
    assert _labels_of(np.arange(60) * 86400.0 * 365.25, "datetime")[0] == "1970-01-01 – 1984-01-01"
    assert _labels_of([1e6 + 1, 1e6 + 2] * 9) == ("1,000,001", "1,000,002")  # what few digits tell apart has more


def test_the_document_says_what_was_asked():
    y, prediction, grouping = _world()
    judged = Judged(y=y, prediction=prediction, threshold=0.5)
    found = measure_fairness(judged, [grouping], asked="errors", least=0.8, proposed=False)
    assert found.measures == ("true_positive_rate", "false_positive_rate")
    widest = widest_pair(found.tables, found.measures)
    rates = [_values(found.tables[0], m) for m in found.measures]
    assert widest.ratio.value == pytest.approx(min(min(r) / max(r) for r in rates))
