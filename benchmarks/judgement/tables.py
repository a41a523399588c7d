"""Public tables to plant defects in: their names, what is left out of them, their halves, and how they are read.

A table is read as text, so that what is planted in it meets the reader as it would meet it in a user's file.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["BASES", "Entry", "halves", "load", "read_index"]

BASES: dict[str, tuple[str, ...]] = {
    "abalone": (),
    "adult": ("part",),
    "bank_customer_churn": ("RowNumber", "CustomerId", "Surname"),
    "bank_marketing": ("duration",),
    "banknote": (),
    "bike_sharing_hourly": ("instant", "casual", "registered"),
    "california_housing": (),
    "car_details_india": (),
    "chicago_airbnb": ("rownames",),
    "concrete": (),
    "cps_wages_1988": ("rownames",),
    "cpu_activity": (),
    "credit_card_default": (),
    "diamonds": (),
    "employee_attrition_ibm": ("rownames",),
    "energy_efficiency": ("Cooling Load",),
    "fried": (),
    "german_credit": (),
    "give_me_some_credit": ("Unnamed: 0",),
    "haberman": (),
    "heart_disease_statlog": (),
    "hr_left": (),
    "insurance_charges": (),
    "kin8nm": (),
    "kr_vs_kp": (),
    "magic_gamma": (),
    "mammography": (),
    "melbourne_housing": ("Address",),
    "mpg": ("name",),
    "mushroom": (),
    "nursery": (),
    "orange_juice": ("rownames",),
    "penguins": (),
    "phoneme": (),
    "pima_diabetes": (),
    "power_plant_ccpp": (),
    "saratoga_houses": ("rownames",),
    "sk_breast_cancer": (),
    "sk_diabetes": (),
    "sk_wine": (),
    "spambase": (),
    "stroke": ("rownames", "pat_id"),
    "student_portuguese": ("G1", "G2"),
    "telco_churn": ("customerID",),
    "titanic": ("alive",),
    "wage_us": ("rownames", "logwage", "region"),
    "wine_quality": (),
}
"""Tables by name, with the columns left out because they are traps already (`traps.csv` is about those)."""


@dataclass(frozen=True)
class Entry:
    """One line of INDEX.csv."""

    name: str
    path: Path
    target: str


def read_index(data: Path) -> dict[str, Entry]:
    """Return the tables of a folder with an INDEX.csv by name; only name, dir, main_file and target are used."""
    with open(data / "INDEX.csv", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return {
        r["name"]: Entry(r["name"], (data / r["dir"] / r["main_file"]).resolve(), r["target"].strip()) for r in rows
    }


def halves(names: list[str], half: str) -> list[str]:
    """Return the names of one half, ``"tune"`` or ``"report"``, by a hash of the name; ``"all"``: every name."""

    def is_tuning(name: str) -> bool:
        return hashlib.sha256(name.encode()).digest()[0] % 2 == 0

    return [n for n in names if half == "all" or is_tuning(n) == (half == "tune")]


def load(entry: Entry, *, most_rows: int, seed: int = 0, without: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return a table as text, empty where a cell is empty, of at most ``most_rows`` rows in the order of the file."""
    frame = pd.read_csv(entry.path, dtype=str, keep_default_na=False, encoding_errors="replace")
    frame.columns = frame.columns.str.strip()  # as every reader does: findings name columns so
    frame = frame.drop(columns=[c for c in without if c in frame])
    if len(frame) > most_rows:
        kept = np.sort(np.random.default_rng(seed).choice(len(frame), most_rows, replace=False))
        frame = frame.iloc[kept]
    return frame.reset_index(drop=True)


def asked_of(words: str | None, name: str) -> tuple[argparse.Namespace, dict[str, Entry], list[dict[str, str]]]:
    """Return what the command line asks for, the index of DATA, and the lines of ``name``.csv about sets in it."""
    parser = argparse.ArgumentParser(description=words, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True, help=f"folder for {name}.json and {name}.md")
    parser.add_argument("--only", default="", help="names of sets, separated by commas")
    parser.add_argument("--rows", type=int, default=20_000, help="most rows of a set")
    parser.add_argument("--half", choices=("tune", "report", "all"), default="all", help="of the sets, by their names")
    asked = parser.parse_args()
    index, only = read_index(asked.data), set(filter(None, asked.only.split(",")))
    with open(Path(__file__).with_name(f"{name}.csv"), newline="") as handle:
        lines = [s for s in csv.DictReader(handle) if s["set"] in index and (not only or s["set"] in only)]
    mine = set(halves(list(index), asked.half))
    return asked, index, [s for s in lines if s["set"] in mine]
