"""Planted leaks: columns that know the target, and test rows that are known. Each planter takes a bed and 0, 1 or 2."""

from __future__ import annotations

import numpy as np
import pandas as pd
from bed import Bed, Planted, as_text

__all__ = [
    "additive",
    "copied",
    "encoded",
    "entities_in_test",
    "exactness",
    "id_in_order",
    "later_date",
    "lead",
    "missing_leak",
    "monotone",
    "noisy",
    "one_outcome",
    "pair",
    "recoded",
    "rows_in_test",
]


def copied(bed: Bed, strength: int) -> Planted:
    """The target under another name, known in 50, 90 or all of 100 rows."""
    name, values = bed.name(), bed.frame[bed.target].to_numpy(object).copy()
    if strength < 2:
        values[bed.some((0.5, 0.1)[strength])] = ""
    return Planted(frame=bed.with_column(name, values), columns=(name,))


def noisy(bed: Bed, strength: int) -> Planted:
    """The target with 15, 5 or 1 % of the classes exchanged, or noise of 30, 10 or 2 % of its spread."""
    name = bed.name()
    if bed.classes:
        values = bed.frame[bed.target].to_numpy(object).copy()
        wrong = bed.some((0.15, 0.05, 0.01)[strength])
        values[wrong] = bed.rng.choice(np.array(bed.classes, dtype=object), len(wrong))
    else:
        values = as_text(bed.y + bed.noise() * (0.3, 0.1, 0.02)[strength] * bed.y.std())
    return Planted(frame=bed.with_column(name, values), columns=(name,))


def recoded(bed: Bed, strength: int) -> Planted:
    """Several codes for each class (12, 4, 1); or the value by 5, 20 or 100 classes of it, in words."""
    name = bed.name()
    if bed.classes:
        per = (12, 4, 1)[strength]
        number = bed.y.astype(int) * per + bed.rng.integers(0, per, bed.n)
    else:
        cuts = np.unique(np.quantile(bed.y, np.linspace(0, 1, (5, 20, 100)[strength] + 1)[1:-1]))
        number = np.digitize(bed.y, cuts)
    codes = bed.rng.permutation(int(number.max()) + 1)
    return Planted(frame=bed.with_column(name, [f"q{codes[i]}x" for i in number]), columns=(name,))


def monotone(bed: Bed, strength: int) -> Planted:
    """A number in the order of the target, with noise of 10, 3 or 0 % of the range of ranks."""
    name = bed.name()
    noise = (0.1, 0.03, 0.0)[strength] * bed.rng.uniform(-1, 1, bed.n)
    base = bed.y + bed.rng.random(bed.n) * 0.9 if bed.classes else bed.rank
    base = (base - base.min()) / np.ptp(base) + noise
    values = np.exp(2 * base) if bed.rng.random() < 0.5 else 40 + 7 * np.sign(base) * np.abs(base) ** 0.5
    return Planted(frame=bed.with_column(name, values), columns=(name,))


def missing_leak(bed: Bed, strength: int) -> Planted | None:
    """A column of the table is missing mostly for one outcome: 30 against 5 %, 70 against 2, all against none."""
    numbers = bed.numbers()
    if not numbers:
        return None
    inside, outside = ((0.3, 0.05), (0.7, 0.02), (1.0, 0.0))[strength]
    gone = bed.rng.random(bed.n) < np.where(bed.event, inside, outside)
    values = bed.frame[numbers[0]].to_numpy(object).copy()
    values[gone] = ""
    return Planted(frame=bed.with_column(numbers[0], values), columns=(numbers[0],))


def one_outcome(bed: Bed, strength: int) -> Planted:
    """A number that exists for one outcome only, in 5, 30 or 90 % of its rows."""
    name, values = bed.name(), np.full(bed.n, "", dtype=object)
    rows = bed.some((0.05, 0.3, 0.9)[strength], bed.event)
    values[rows] = as_text(np.round(bed.rng.gamma(3, 20, len(rows)), 1))
    return Planted(frame=bed.with_column(name, values), columns=(name,))


def pair(bed: Bed, strength: int) -> Planted:
    """Two versions of a category that differ by the outcome: 30 against 5 %, 70 against 3, 98 against 1."""
    one, other = bed.name(), bed.name() + "b"
    inside, outside = ((0.3, 0.05), (0.7, 0.03), (0.98, 0.01))[strength]
    first = bed.rng.choice(list("ABCDEFGH"), bed.n, p=(0.4, 0.2, 0.1, 0.1, 0.08, 0.06, 0.04, 0.02))
    differs = bed.rng.random(bed.n) < np.where(bed.event, inside, outside)
    second = np.where(differs, bed.rng.choice(list("ABCDEFGH"), bed.n), first)
    frame = bed.with_column(one, first.astype(object))
    frame.insert(int(frame.columns.get_loc(one)) + 1, other, second.astype(object))
    return Planted(frame=frame, columns=(one, other))


def additive(bed: Bed, strength: int) -> Planted | None:
    """Parts that add up to the value but for 5, 1 or 0 %; or flags that together are 60, 90 or all of an event."""
    names = [bed.name(), bed.name() + "b", bed.name() + "c"]
    frame = bed.frame.copy()
    if bed.classes:
        if len(bed.classes) > 2 or bed.event.mean() > 0.35:
            return None
        which = bed.rng.integers(0, 3, bed.n)
        known = bed.event & (bed.rng.random(bed.n) < (0.6, 0.9, 1.0)[strength])
        for i, name in enumerate(names):
            frame[name] = np.where(known & (which == i), "1", "0")
        return Planted(frame=frame, columns=tuple(names))
    if bed.y.min() < 0:
        return None
    share = bed.rng.beta(2, 2, bed.n)
    error = 1 + bed.noise() * (0.05, 0.01, 0.0)[strength]
    # Full precision: parts rounded to six digits would add a noise of their own.
    frame[names[0]] = [repr(v) for v in (bed.y * share).tolist()]
    frame[names[1]] = [repr(v) for v in (bed.y * (1 - share) * error).tolist()]
    return Planted(frame=frame, columns=tuple(names[:2]))


def encoded(bed: Bed, strength: int) -> Planted:
    """A random category of 20, 5 or 2 rows a level, and its means of the target, the row's own among them."""
    name, key = bed.name(), bed.named("branch")
    level = bed.rng.integers(0, max(2, bed.n // (20, 5, 2)[strength]), bed.n)
    y = bed.measured if bed.measured is not None else bed.event.astype(float)
    mean = np.bincount(level, weights=y) / np.maximum(1, np.bincount(level))
    frame = bed.with_column(name, mean[level])
    frame.insert(0, key, [f"B{n:04d}" for n in level])
    return Planted(frame=frame, columns=(name,), sources=(key,))


def id_in_order(bed: Bed, strength: int) -> Planted:
    """An id given out in the order of the target (correlation 0.3, 0.8, 1), in a file that is shuffled."""
    rho = (0.3, 0.8, 1.0)[strength]
    key = rho * bed.normal + np.sqrt(1 - rho * rho) * bed.noise()
    number = 100_000 + 7 * np.argsort(np.argsort(key))
    name = bed.named("record_id")
    return Planted(frame=bed.with_column(name, number), columns=(name,))


def carried_over(bed: Bed, rho: float) -> Bed:
    """Return a bed whose rows are arranged so that the target carries over from row to row."""
    path, steps = np.empty(bed.n), bed.noise()
    path[0] = steps[0]
    for i in range(1, bed.n):
        path[i] = 0.97 * path[i - 1] + 0.243 * steps[i]
    mixed = rho * path + np.sqrt(1 - rho * rho) * bed.noise()
    place = np.empty(bed.n)
    place[np.argsort(bed.rank)] = np.argsort(mixed)  # the k-th smallest target goes where the path is k-th smallest
    return bed.in_order_of(place)


def exactness(bed: Bed, strength: int) -> Planted:
    """A measurement with one decimal more in 20, 60 or all of 100 rows of the event, or above the median."""
    name, measured = bed.name(), bed.rng.uniform(100, 400, bed.n)
    late = bed.event.astype(bool) if bed.classes else bed.rank > 0.5
    exact = late & (bed.rng.random(bed.n) < (0.2, 0.6, 1.0)[strength])
    written = [f"{v:.3f}" if more else f"{v:.2f}" for v, more in zip(measured, exact, strict=True)]
    return Planted(frame=bed.with_column(name, written), columns=(name,))


def lead(bed: Bed, strength: int) -> Planted:
    """A dated table, and a column with the target five rows, one row, or no row but some rounding ahead."""
    bed = carried_over(bed, 0.9)
    name = bed.name()
    ahead = (5, 1, 1)[strength]
    column = bed.frame[bed.target].to_numpy(object)
    values = np.concatenate([column[ahead:], np.full(ahead, "", dtype=object)])
    frame = bed.with_column(name, values)
    day = bed.named("day")
    frame.insert(0, day, bed.days(1.0 if strength < 2 else 2.0))
    return Planted(frame=frame, columns=(name,), sources=tuple(frame))  # what goes with the target carries over as well


def later_date(bed: Bed, strength: int) -> Planted:
    """A second date written down later: its gap follows the outcome with much, some or hardly any noise."""
    start = np.datetime64("2020-01-01") + bed.rng.integers(0, 700, bed.n)
    spread = (1.0, 0.3, 0.02)[strength]
    base = bed.event * 1.0 if bed.classes else bed.rank
    gap = np.round(5 + 60 * np.clip(base + spread * np.abs(bed.noise()), 0, 4)).astype(int)
    frame = bed.frame.copy()
    frame["opened"] = start.astype(str)
    frame["settled"] = (start + gap).astype(str)
    return Planted(frame=frame, columns=("settled",), sources=("opened",))


def parted(bed: Bed) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = bed.rng.permutation(bed.n)
    cut = int(0.75 * bed.n)
    parts = [bed.frame.iloc[np.sort(r)].reset_index(drop=True) for r in (rows[:cut], rows[cut:])]
    return parts[0], parts[1]


def rows_in_test(bed: Bed, strength: int) -> Planted | None:
    """Of the test rows 2, 20 or 80 % are copies of training rows."""
    if len(bed.numbers()) < 2:  # few words repeat by themselves
        return None
    train, test = parted(bed)
    known = bed.rng.choice(len(test), max(1, round((0.02, 0.2, 0.8)[strength] * len(test))), replace=False)
    test.iloc[known] = train.iloc[bed.rng.integers(0, len(train), len(known))].to_numpy()
    return Planted(frame=train, test=test)


def entities_in_test(bed: Bed, strength: int) -> Planted | None:
    """Customers with about eight rows each; 10, 50 or all of 100 test rows are of customers that training knows."""
    frame = grouped_rows(bed, 8, 0.3)
    if frame is None:
        return None
    unit = frame["customer_id"].to_numpy()
    ids = bed.rng.permutation(np.unique(unit))
    new = np.isin(unit, ids[: len(ids) // 4])
    known = bed.rng.random(len(unit)) < 0.25
    share = (0.1, 0.5, 1.0)[strength]
    n_known = int(share * new.sum())
    in_test = np.zeros(len(unit), dtype=bool)
    in_test[np.flatnonzero(~new & known)[:n_known]] = True
    in_test[np.flatnonzero(new)[: int((1 - share) * new.sum())]] = True
    train = frame[~in_test & ~new] if share < 1 else frame[~in_test]
    test = frame[in_test]
    if len(test) < 50:
        return None
    return Planted(frame=train.reset_index(drop=True), test=test.reset_index(drop=True), columns=("customer_id",))


def grouped_rows(bed: Bed, per: int, changed: float, name: str = "customer_id") -> pd.DataFrame | None:
    """Return entities of about ``per`` rows: a row of the table, with a share of its cells drawn anew in each."""
    if bed.n < 400 or len(bed.features()) < 4:
        return None
    seeds = bed.rng.choice(bed.n, bed.n // per, replace=False)
    unit = np.sort(bed.rng.choice(len(seeds), bed.n))
    frame = bed.frame.iloc[seeds[unit]].reset_index(drop=True)
    for column in frame:
        new = bed.rng.random(len(frame)) < changed
        frame.loc[new, column] = bed.frame[column].to_numpy()[bed.rng.integers(0, bed.n, int(new.sum()))]
    frame.insert(0, name, [f"C{10_000 + 17 * u}" for u in unit])
    return frame.iloc[bed.rng.permutation(len(frame))].reset_index(drop=True)
