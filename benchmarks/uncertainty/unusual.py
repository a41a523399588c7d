"""Are rows that are unlike training called unusual, and those that are like it not?

    python benchmarks/uncertainty/unusual.py --data DATA [--half report] [--rows 3000] [--seeds 3] [--only adult,mpg]
        [--shown]

DATA is a folder with an INDEX.csv that has the columns name, dir, main_file and target. Of each set half of at most so
many rows, drawn anew by every seed, are the training; of the other half at most 1,000 are looked at as they are - what
is called unusual of these is a false alarm - and changed:

| column | what was changed in each row |
|---|---|
| other set | the values of each column are those of a column of the same kind of another set |
| × 1000, / 1000 | one column of numbers, drawn by row, in another unit |
| swapped | two columns of numbers, drawn by row, have each other's values |
| turned | every column of numbers has the values of the next one |
| one foreign | one column, drawn by row, has the value of another row: faint, and told for what it is |
| all foreign | every column has the value of another row, each of a different one |

A row that the change leaves as it is (a zero times a thousand, two equal values) is left out. Limits were tuned on the
half "tune" of the sets (by a hash of their names); what is stated is of the half "report". With ``--shown`` a last
column says how many of the swapped rows boosted trees tell at 5 % false alarms that were shown three such changes of
every training row and know of nothing else: about what there is to be had.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1] / "judgement"))
from tables import BASES, Entry, halves, load, read_index

from modelwright.data.canonical import canonicalise
from modelwright.data.columns import Column, Columns, Strings, n_rows, take
from modelwright.data.contract import Contract, Kind
from modelwright.data.kinds import infer_contract
from modelwright.package.unusual.fitting import fit_detector

MOST_LOOKED_AT = 1_000
SHOWN = "swapped, shown"
TIMES_SHOWN, SHOWN_ALARMS = 3, 0.05
NUMBERS = frozenset({Kind.NUMBER, Kind.DURATION, Kind.GEO})

Change = Callable[[Columns, Contract, np.random.Generator, Columns, Contract], Columns]


def table_of(entry: Entry, rows: int, seed: int) -> tuple[Columns, Contract]:
    """Return the canonical columns of a set, the target left out, and their contract."""
    frame = load(entry, most_rows=rows, seed=seed, without=(*BASES.get(entry.name, ()), entry.target))
    frame = frame.iloc[np.random.default_rng(seed).permutation(len(frame))]
    table = pa.table({name: pa.array([v or None for v in frame[name]], pa.string()) for name in frame})
    contract = infer_contract(table)
    used = [s.name for s in contract.columns if s.kind not in (Kind.ID, Kind.CONSTANT)]
    contract = contract.only(used)
    columns, _ = canonicalise(table, contract, required=contract.names)
    return columns, contract


def _numbers(contract: Contract) -> list[str]:
    return [s.name for s in contract.columns if s.kind in NUMBERS]


def scaled(factor: float) -> Change:
    """Return the change of one column to another unit."""

    def change(columns: Columns, contract: Contract, rng: np.random.Generator, *_: object) -> Columns:
        names = _numbers(contract)
        which = rng.integers(0, max(len(names), 1), n_rows(columns))
        more = {n: np.where(which == j, columns[n] * factor, columns[n]) for j, n in enumerate(names)}  # type: ignore[operator]
        return {**columns, **more}

    return change


def swapped(columns: Columns, contract: Contract, rng: np.random.Generator, *_: object) -> Columns:
    """Exchange the values of two columns."""
    names = _numbers(contract)
    if len(names) < 2:
        return columns
    values = np.column_stack([columns[n] for n in names])  # type: ignore[arg-type]
    changed = values.copy()
    for i in range(len(values)):
        a, b = rng.choice(len(names), 2, replace=False)
        changed[i, [a, b]] = values[i, [b, a]]
    return {**columns, **{n: changed[:, j] for j, n in enumerate(names)}}


def turned(columns: Columns, contract: Contract, *_: object) -> Columns:
    """Give every column of numbers the values of the next one."""
    names = _numbers(contract)
    return {**columns, **{n: columns[names[(j + 1) % len(names)]] for j, n in enumerate(names)}}


def one_foreign(columns: Columns, contract: Contract, rng: np.random.Generator, *_: object) -> Columns:
    """Give one column the value of another row."""
    which = rng.integers(0, len(contract.names), n_rows(columns))
    found: Columns = {}
    for j, name in enumerate(contract.names):
        other = rng.permutation(n_rows(columns))
        found[name] = _picked(columns[name], np.where(which == j, other, np.arange(n_rows(columns))))
    return found


def all_foreign(columns: Columns, contract: Contract, rng: np.random.Generator, *_: object) -> Columns:
    """Give every column the values of other rows."""
    return {n: _picked(columns[n], rng.permutation(n_rows(columns))) for n in contract.names}


def other_set(
    columns: Columns, contract: Contract, rng: np.random.Generator, others: Columns, theirs: Contract
) -> Columns:
    """Take each column from another set, of the same kind where it has one."""
    found: Columns = {}
    for spec in contract.columns:
        alike = [s.name for s in theirs.columns if s.kind.numeric == spec.kind.numeric]
        if not alike:
            found[spec.name] = columns[spec.name]
            continue
        column = others[alike[int(rng.integers(len(alike)))]]
        found[spec.name] = _picked(column, rng.integers(0, len(column), n_rows(columns)))
    return found


def _picked(column: Column, rows: np.ndarray) -> Column:
    return column.take(rows) if isinstance(column, Strings) else column[rows]


CHANGES: dict[str, Change] = {
    "other set": other_set,
    "× 1000": scaled(1000.0),
    "/ 1000": scaled(0.001),
    "swapped": swapped,
    "turned": turned,
    "one foreign": one_foreign,
    "all foreign": all_foreign,
}


def _same(before: Columns, after: Columns) -> np.ndarray:
    same = np.ones(n_rows(before), bool)
    for name, column in before.items():
        now = after[name]
        if isinstance(column, Strings) and isinstance(now, Strings):
            same &= column.to_object() == now.to_object()
        else:
            same &= np.array_equal(column, now, equal_nan=True) or (
                (column == now) | (np.isnan(column) & np.isnan(now))  # type: ignore[arg-type]
            )
    return same


def told_if_shown(train: Columns, looked_at: Columns, contract: Contract, seed: int) -> float | None:
    """Return the share of swapped rows that trees tell that learned from such; None with fewer than two numbers."""
    from lightgbm import LGBMClassifier

    names = _numbers(contract)
    if len(names) < 2:
        return None

    def matrix(columns: Columns) -> np.ndarray:
        return np.column_stack([columns[n] for n in names])  # type: ignore[arg-type]

    def changed(columns: Columns, rng: np.random.Generator) -> np.ndarray:
        after = swapped(columns, contract, rng)
        return matrix(take(after, np.flatnonzero(~_same(columns, after))))

    rng = np.random.default_rng([seed, 6])
    odd = np.concatenate([changed(train, rng) for _ in range(TIMES_SHOWN)])
    plain = np.concatenate([matrix(train)] * TIMES_SHOWN)
    model = LGBMClassifier(n_estimators=200, learning_rate=0.08, verbose=-1, n_jobs=1)
    model.fit(np.concatenate([plain, odd]), np.r_[np.zeros(len(plain)), np.ones(len(odd))])
    as_they_are, swaps = (model.predict_proba(x)[:, 1] for x in (matrix(looked_at), changed(looked_at, rng)))
    return float((swaps > np.quantile(as_they_are, 1 - SHOWN_ALARMS)).mean())


def run(
    entry: Entry, others: tuple[Columns, Contract], rows: int, seeds: int, *, shown: bool = False
) -> dict[str, float]:
    """Return the shares that are called unusual, the mean over the seeds, and microseconds per row."""
    found: dict[str, list[float]] = {}
    for seed in range(seeds):
        columns, contract = table_of(entry, rows, seed)
        half = n_rows(columns) // 2
        train = take(columns, np.arange(half))
        looked_at = take(columns, np.arange(half, min(n_rows(columns), half + MOST_LOOKED_AT)))
        began = time.process_time()
        detector, _ = fit_detector(train, contract, seed=seed)
        found.setdefault("fit s", []).append(time.process_time() - began)
        if detector is None:
            return {}
        began = time.process_time()
        found.setdefault("as it is", []).append(float(detector(looked_at)[0].mean()))
        found.setdefault("µs", []).append(1e6 * (time.process_time() - began) / n_rows(looked_at))
        rng = np.random.default_rng([seed, 5])
        for name, change in CHANGES.items():
            after = change(looked_at, contract, rng, *others)
            kept = ~_same(looked_at, after)
            if kept.mean() > 0.1:
                found.setdefault(name, []).append(float(detector(take(after, kept))[0].mean()))
        if shown and (told := told_if_shown(train, looked_at, contract, seed)) is not None:
            found.setdefault(SHOWN, []).append(told)
    return {name: float(np.mean(values)) for name, values in found.items()}


def main() -> None:
    """Run the sets one after the other and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=("tune", "report", "all"), default="report")
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--shown", action="store_true")
    asked = parser.parse_args()
    kinds = ("as it is", *CHANGES, *((SHOWN,) if asked.shown else ()))
    index = read_index(asked.data)
    names = [n for n in halves(sorted(BASES), asked.half) if n in index]
    names = [n for n in names if not asked.only or n in asked.only.split(",")]
    every = [n for n in sorted(BASES) if n in index]
    print("| set | columns | " + " | ".join(kinds) + " | fit s | µs a row |")
    print("|" + "---|" * (len(kinds) + 4))
    all_found = []
    for name in names:
        other = every[(every.index(name) + 7) % len(every)]
        others = table_of(index[other], asked.rows, 0)
        _, contract = table_of(index[name], asked.rows, 0)
        found = run(index[name], others, asked.rows, asked.seeds, shown=asked.shown)
        all_found.append(found)
        cells = [f"{100 * found[c]:.1f}" if c in found else "-" for c in kinds]
        last = f"{found.get('fit s', 0):.2f} | {found.get('µs', 0):.0f}"
        print(f"| {name} | {len(contract.names)} | {' | '.join(cells)} | {last} |", flush=True)
    means = [[f[c] for f in all_found if c in f] for c in kinds]
    print("| mean | | " + " | ".join(f"{100 * np.mean(m):.1f}" if m else "-" for m in means) + " | | |")


if __name__ == "__main__":
    main()
