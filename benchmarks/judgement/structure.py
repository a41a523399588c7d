"""Planted structure: rows that belong together, an order in time, tables in a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
from bed import Bed, Planted, as_text
from leaks import carried_over, grouped_rows

__all__ = [
    "carried",
    "concatenated",
    "drifting",
    "grouped",
    "near_copies",
    "nested",
    "panel",
    "totals",
    "weight",
]


def grouped(bed: Bed, strength: int) -> Planted | None:
    """Customers of eight rows each that share 10, 50 or 80 % of their cells."""
    frame = grouped_rows(bed, 8, (0.9, 0.5, 0.2)[strength])
    return None if frame is None else Planted(frame=frame, columns=("customer_id",))


def near_copies(bed: Bed, strength: int) -> Planted | None:
    """Copies of 2, 10 or 30 % of the rows with one number changed by a hair, put anywhere."""
    numbers = bed.numbers()
    if len(numbers) < 3:
        return None
    picked = bed.some((0.02, 0.1, 0.3)[strength])
    copies = bed.frame.iloc[picked].copy()
    values = bed.number(numbers[0])
    assert values is not None
    copies[numbers[0]] = as_text(values[picked] * (1 + 0.002 * bed.rng.choice([-1, 1], len(picked))))
    together = pd.concat([bed.frame, copies], ignore_index=True)
    order = bed.rng.permutation(len(together))
    place = np.argsort(order)
    rows = (*place[picked].tolist(), *place[bed.n :].tolist())
    return Planted(frame=together.iloc[order].reset_index(drop=True), rows=rows)


def panel(bed: Bed, strength: int) -> Planted | None:
    """Stores seen in each of ten months, in which 90, 50 or 20 % of the cells are new from month to month."""
    frame = grouped_rows(bed, 10, (0.9, 0.5, 0.2)[strength], "store_id")
    if frame is None:
        return None
    frame = frame.sort_values("store_id", kind="stable").reset_index(drop=True)
    month = frame.groupby("store_id").cumcount()
    name = bed.named("month")
    frame.insert(1, name, [f"2021-{1 + m % 12:02d}-01" if m < 12 else f"2022-{1 + m % 12:02d}-01" for m in month])
    frame = frame.sort_values([name, "store_id"], kind="stable").reset_index(drop=True)
    return Planted(frame=frame, columns=("store_id", name))


def drifting(bed: Bed, strength: int) -> Planted:
    """A dated file in whose order the target drifts: correlation 0.1, 0.3 or 0.7 with the date."""
    rho = (0.1, 0.3, 0.7)[strength]
    bed = bed.in_order_of(rho * bed.normal + np.sqrt(1 - rho * rho) * bed.noise())
    frame = bed.frame.copy()
    day = bed.named("day")
    frame.insert(0, day, bed.days())
    return Planted(frame=frame, columns=(day,), sources=tuple(frame))  # what goes with the target drifts with it


def carried(bed: Bed, strength: int) -> Planted:
    """No date, but the targets of neighbouring rows are alike: correlation of about 0.1, 0.4 or 0.85."""
    return Planted(frame=carried_over(bed, (0.33, 0.65, 0.95)[strength]).frame)


def nested(bed: Bed, strength: int) -> Planted:
    """Towns within districts within states, with 5, 1 or 0 % of the rows in a wrong district."""
    town = bed.rng.integers(0, 40, bed.n)
    district, state = town // 4, town // 16
    wrong = bed.rng.random(bed.n) < (0.05, 0.01, 0.0)[strength]
    district = np.where(wrong, bed.rng.integers(0, 10, bed.n), district)
    names = tuple(bed.named(n) for n in ("town", "district", "state"))
    frame = bed.frame.copy()
    for name, value in zip(names, (town, district, state)):
        frame[name] = [f"{name[0].upper()}{v:02d}" for v in value]
    return Planted(frame=frame, columns=names)


def concatenated(bed: Bed, strength: int) -> Planted | None:
    """Two tables below each other: from a row on one column is moved by 0.5, three by 1, or half are empty."""
    numbers = bed.numbers(10)
    if len(numbers) < 3:
        return None
    frame = bed.frame.iloc[bed.rng.permutation(bed.n)].reset_index(drop=True)
    seam = int(bed.rng.uniform(0.35, 0.65) * bed.n)
    changed = numbers[: (1, 3, max(3, len(numbers) // 2))[strength]]
    for name in changed:
        values = pd.to_numeric(frame[name], errors="coerce").to_numpy(float).copy()
        if strength == 2:
            values[seam:] = np.nan
        else:
            values[seam:] += (0.5, 1.0)[strength] * np.nanstd(values)
        frame[name] = as_text(values)
    return Planted(frame=frame, sources=tuple(changed))


def totals(bed: Bed, strength: int) -> Planted | None:
    """Sums: in the last row without a word; in the last row called "Total"; and below every group as well."""
    numbers, words = bed.numbers(), bed.words(2, 12)
    if len(numbers) < 3 or (strength and not words) or bed.classes:
        return None
    value = {name: bed.number(name) for name in [*numbers, bed.target]}

    def sums(rows: np.ndarray, word: str) -> dict[str, str]:
        line = dict.fromkeys(bed.frame, "")
        for name, column in value.items():
            assert column is not None
            line[name] = str(as_text(np.array([np.nansum(column[rows])]))[0])
        if word:
            line[words[0]] = word
        return line

    everything = np.arange(bed.n)
    if strength < 2:
        lines = [sums(everything, "Total" if strength else "")]
        return Planted(frame=pd.concat([bed.frame, pd.DataFrame(lines)], ignore_index=True), rows=(bed.n,))
    parts, rows, at = [], [], 0
    for level, part in bed.frame.groupby(words[0], sort=True):
        line = sums(part.index.to_numpy(), f"Total {level}")
        parts += [part, pd.DataFrame([line])]
        at += len(part) + 1
        rows.append(at - 1)
    parts.append(pd.DataFrame([sums(everything, "Grand total")]))
    return Planted(frame=pd.concat(parts, ignore_index=True), rows=(*rows, at))


def weight(bed: Bed, strength: int) -> Planted:
    """A survey weight under the name w, wt or sample_weight."""
    name = bed.named(("w", "wt", "sample_weight")[strength])
    stratum = bed.rng.choice([0.4, 1.0, 2.7], bed.n)
    return Planted(
        frame=bed.with_column(name, np.round(stratum * bed.rng.lognormal(0, 0.3, bed.n), 4)), columns=(name,)
    )
