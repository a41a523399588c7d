"""How many personal columns a privacy policy finds under names that say nothing, and how many others it takes for some.

    python benchmarks/judgement/personal.py DATA --seed 0

Into every table of DATA (a folder with `INDEX.csv`) one column of each kind is planted at a time, under a neutral name:
numbers dialled at home, days of birth, a few persons that come again, full names, given names alone, family names
beside full names, and codes beside e-mail addresses. Names are drawn from the rows of the set `compas`, which the
product's list of given names was not made from. The tables as they are say how many columns are taken for names,
numbers or addresses of somebody.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa

from modelwright.brief import Brief
from modelwright.data.reading import read_table
from modelwright.errors import ModelwrightError
from modelwright.govern.privacy.detecting import detect
from modelwright.govern.privacy.policy import Datum
from modelwright.steps.privacy import _look

ROWS = 1_500
LARGEST = 60_000_000
PATTERNS = ("0170/45#####", "06 1# ## ## ##", "020 79## ####", "(030) 45#####", "090-12##-####", "070-12# ## ##")
DIRECT = frozenset(Datum) - {
    Datum.DATE, Datum.AGE, Datum.TEXT, Datum.POSITION, Datum.PLACE, Datum.POSTCODE, Datum.IDENTIFIER, Datum.BIRTH_DATE,
}  # fmt: skip
"""Kinds that say by themselves who somebody is or how they are reached; other kinds are facts of rows."""

Plant = Callable[[np.random.Generator, int, list[str], list[str]], dict[str, list[str]]]


def dialled(rng: np.random.Generator, n: int, given: list[str], family: list[str]) -> dict[str, list[str]]:
    """Numbers as they are dialled at home, each in three rows or so."""
    pattern = str(rng.choice(PATTERNS))
    made = ["".join(str(rng.integers(0, 10)) if c == "#" else c for c in pattern) for _ in range(max(n // 3, 20))]
    return {"attr": rng.choice(made, n).tolist()}


def born(rng: np.random.Generator, n: int, given: list[str], family: list[str]) -> dict[str, list[str]]:
    """Days of birth of people of 18 to 90, most around 45."""
    days = np.datetime64("2026-06-01") - (np.clip(rng.normal(45, 16, n), 18, 90) * 365.25).astype("timedelta64[D]")
    return {"attr": [str(d) for d in days]}


def advisers(rng: np.random.Generator, n: int, given: list[str], family: list[str]) -> dict[str, list[str]]:
    """Fifteen persons, "Family, Given", that come again and again."""
    people = [f"{rng.choice(family)}, {rng.choice(given)}" for _ in range(15)]
    return {"attr": rng.choice(people, n).tolist()}


def full_names(rng: np.random.Generator, n: int, given: list[str], family: list[str]) -> dict[str, list[str]]:
    """A given and a family name in each row."""
    return {"attr": [f"{rng.choice(given)} {rng.choice(family)}" for _ in range(n)]}


def given_alone(rng: np.random.Generator, n: int, given: list[str], family: list[str]) -> dict[str, list[str]]:
    """A given name in each row."""
    return {"attr": rng.choice(given, n).tolist()}


def family_beside(rng: np.random.Generator, n: int, given: list[str], family: list[str]) -> dict[str, list[str]]:
    """Family names, beside a column of full names with a name that says so."""
    names = rng.choice(family, n)
    return {"attr": names.tolist(), "customer_name": [f"{rng.choice(given)} {f}" for f in names]}


def codes(rng: np.random.Generator, n: int, given: list[str], family: list[str]) -> dict[str, list[str]]:
    """A code of four letters for each e-mail address, each in five rows or so."""
    who = rng.integers(0, max(n // 5, 20), n)
    words = ["".join(rng.choice(list("BCDFGKLM"), 4)) + "AEIOU"[i % 5] for i in range(int(who.max()) + 1)]
    return {"attr": [words[i] for i in who], "e": [f"p{i}@mail.example" for i in who]}


WANTED: dict[str, tuple[Plant, Datum]] = {
    "numbers dialled at home": (dialled, Datum.PHONE),
    "days of birth": (born, Datum.BIRTH_DATE),
    "a few persons": (advisers, Datum.NAME),
    "full names": (full_names, Datum.NAME),
    "given names alone": (given_alone, Datum.NAME),
    "family names beside full names": (family_beside, Datum.NAME),
    "codes beside e-mail addresses": (codes, Datum.IDENTIFIER),
}


def sample(path: Path, rng: np.random.Generator) -> pa.Table:
    """Return some rows of a table, in its order."""
    table, _ = read_table(str(path))
    rows = np.sort(rng.choice(table.num_rows, min(ROWS, table.num_rows), replace=False))
    return table.take(rows)


def found_in(table: pa.Table, target: str) -> dict[str, Datum]:
    """Return what a policy would see in each column."""
    brief = Brief(target=target if target in table.column_names else None)
    context = _look(SimpleNamespace(brief=brief, table=table))  # type: ignore[arg-type]
    return {name: said.datum for name, said in detect(context).items()}


def planted(table: pa.Table, columns: dict[str, list[str]]) -> pa.Table:
    """Return the table with further columns."""
    for name, values in columns.items():
        place = name if name not in table.column_names else name + "_2"
        table = table.append_column(place, pa.array(values))
    return table


def main() -> None:
    """Print a line per kind, and the columns taken for somebody's."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--only", default="", help="names of sets, with commas")
    asked = arguments.parse_args()
    rng, only = np.random.default_rng(asked.seed), set(filter(None, asked.only.split(",")))
    with open(asked.data / "INDEX.csv", newline="") as handle:
        sets = [r for r in csv.DictReader(handle) if not only or r["name"] in only]
        handle.seek(0)
        compas = next(r for r in csv.DictReader(handle) if r["name"] == "compas")
    people, _ = read_table(str(asked.data / compas["dir"] / compas["main_file"]))
    given, family = (
        [str(v).title() for v in people[c].to_pylist() if v and str(v).isalpha()] for c in ("first", "last")
    )
    hits: dict[str, list[bool]] = {kind: [] for kind in WANTED}
    n_columns, taken = 0, []
    for each in sets:
        path = asked.data / each["dir"] / each["main_file"]
        if not path.name.endswith((".csv", ".csv.gz", ".tsv", ".parquet")) or path.stat().st_size > LARGEST:
            continue
        try:
            table = sample(path, rng)
            clean = found_in(table, each["target"])
        except ModelwrightError as error:
            print(f"{each['name']}: {error}")
            continue
        n_columns += table.num_columns
        taken += [f"{each['name']}.{name} ({datum})" for name, datum in clean.items() if datum in DIRECT]
        small = table.select(table.column_names[:12])
        for kind, (plant, datum) in WANTED.items():
            found = found_in(planted(small, plant(rng, small.num_rows, given, family)), each["target"])
            hits[kind].append(found.get("attr") is datum)
    for kind, said in hits.items():
        print(f"{kind}: {sum(said)} of {len(said)} ({np.mean(said):.1%})")
    print(f"{len(taken)} of {n_columns} columns as they are name or reach somebody, it says: {', '.join(taken)}")


if __name__ == "__main__":
    main()
