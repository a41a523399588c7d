"""Signs of a broken feed, and what looks like one."""

from __future__ import annotations

import numpy as np

from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.monitor.comparing import compare
from modelwright.monitor.feed import Sign, part_changed, renamed, stuck
from modelwright.package.reference.documents import ColumnReference, Variation
from modelwright.package.reference.fitting import fit_reference

LEVELS = ("May", "June", "July")
SPEC = ColumnSpec(name="month", kind=Kind.CATEGORY, levels=LEVELS, n_levels=3)


def asked(values: list[str], *, excess: float) -> Sign | None:
    """Ask whether levels of a column were renamed, whose stretches differed by so much in training."""
    reference = ColumnReference(
        name="month",
        kind="category",
        levels=LEVELS,
        complete=True,
        shares=(0.0, 0.001, 0.0, 0.333, 0.333, 0.333),
        variation=(Variation(rows=100, excess=excess, freedom=2.0, blocks=12),),
    )
    column = Strings.from_values(values)
    return renamed(column, compare(column, reference, SPEC, 1000), SPEC)


def test_levels_that_are_gone_while_as_many_came_are_renamed() -> None:
    values = ["05", "06", "07"] * 100
    sign = asked(values, excess=0.0)
    assert sign is not None and sign.check == "levels" and "is gone" in sign.words


def test_unless_they_came_and_went_in_training_as_well() -> None:
    assert asked(["August", "September"] * 150, excess=0.5) is None
    sign = asked(["JULY"] * 300, excess=0.5)
    assert sign is not None and "another spelling" in sign.words


def test_a_part_of_the_rows_in_another_unit() -> None:
    rng = np.random.default_rng(0)
    known = rng.lognormal(3, 0.4, 5000)
    edges = tuple(np.quantile(known, np.linspace(0, 1, 9)))
    spec = ColumnSpec(name="income", kind=Kind.NUMBER)
    reference = ColumnReference(
        name="income", kind="number", edges=edges, shares=(0.0, 0.0, 0.0, *[0.125] * 8)
    )  # fmt: skip
    mixed = rng.lognormal(3, 0.4, 500)
    mixed[::3] *= 100
    sign = part_changed(mixed, compare(mixed, reference, spec, 5000), spec)
    assert sign is not None and "33% of 'income'" in sign.words and "a factor of 100" in sign.words
    moved = rng.lognormal(3, 0.4, 500)
    moved[::3] = rng.lognormal(6, 0.1, 167)  # elsewhere, and of another shape
    assert part_changed(moved, compare(moved, reference, spec, 5000), spec) is None


def stuck_after(training: np.ndarray) -> Sign | None:
    """Ask whether a column is stuck that shows the number 3 alone, after such training rows."""
    spec = ColumnSpec(name="day", kind=Kind.NUMBER)
    reference = fit_reference({"day": training}, Contract(columns=(spec,), rows_seen=len(training)))["day"]
    now = np.full(200, 3.0)
    return stuck(now, compare(now, reference, spec, len(training)), spec)


def test_a_number_that_varied_from_row_to_row_and_does_no_more_is_stuck() -> None:
    sign = stuck_after(np.random.default_rng(0).integers(1, 32, 1000).astype(np.float64))
    assert sign is not None and sign.check == "stuck"


def test_a_stretch_of_one_day_in_rows_sorted_by_time_is_not() -> None:
    assert stuck_after(np.repeat(np.arange(1.0, 32.0), 33)) is None


def test_nor_is_a_dry_week() -> None:
    rng = np.random.default_rng(1)
    rain = np.concatenate([np.r_[np.full(40, 3.0), rng.gamma(2.0, 2.0, 20)] for _ in range(30)])
    assert stuck_after(rain) is None
