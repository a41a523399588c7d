"""Generated streams whose truth is known: what came before, and windows in which nothing, something or harm happens.

A process of nine columns: numbers that go together, a level, a flag, gaps, a column that nothing depends on. Seasons
make the columns swing a little in training as in life, so that "as in training" is more than chance.

| kind | what happens from the turning point on |
|---|---|
| none | nothing |
| harmless | a column without use moves, or one in use within its range |
| sudden | what the target depends on changes at once |
| gradual | the same, over as many windows as there are left |
| recurring | the same, every second stretch of three windows |
| joint | columns go together the other way round, each of them as before |
| null, unit, renamed, stuck, swapped | a feed breaks: values go, a factor comes, levels are spelled otherwise, … |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["BROKEN", "KINDS", "Stream", "make_stream"]

BROKEN = ("null", "unit", "renamed", "stuck", "swapped")
KINDS = ("none", "harmless", "joint", "sudden", "gradual", "recurring", *BROKEN)
LEVELS = np.array(["north", "south", "east", "west", "abroad"], dtype=object)
SHARES = (0.3, 0.25, 0.2, 0.15, 0.1)
SEASON = 0.15  # of a standard deviation: by how much columns swing
YEAR = 2_000  # rows of a season
STRETCH = 3  # windows, of recurring drift


@dataclass(frozen=True)
class Stream:
    """A table to learn from, and what comes after it.

    ``windows`` hold the target as well; ``truth`` says of each ``"quiet"``, ``"harmless"``, ``"joint"``,
    ``"harmful"`` or ``"broken"``. ``target`` names the column, ``time`` the one that orders the rows.
    """

    kind: str
    train: pd.DataFrame
    windows: tuple[pd.DataFrame, ...]
    truth: tuple[str, ...]
    target: str = "outcome"
    time: str = "day"


def make_stream(
    kind: str,
    *,
    classify: bool = True,
    rows: int = 5_000,
    windows: int = 10,
    window_rows: int = 1_000,
    turn: int = 3,
    seed: int = 0,
) -> Stream:
    """Return a stream of a kind; windows from number ``turn`` on are changed. Training rows depend on ``seed`` % 10
    alone, so that one model serves many streams."""
    train = _rows(np.random.default_rng(seed % 10), rows, 0, classify, 0.0)
    rng = np.random.default_rng(1_000 + seed)
    found, truth = [], []
    for number in range(windows):
        strength = _strength(kind, number, turn, windows)
        frame = _rows(
            rng,
            window_rows,
            rows + number * window_rows,
            classify,
            strength,
            harmless=_moves(kind, number, turn),
            turned=kind == "joint" and number >= turn,
        )
        state = "harmful" if strength else "quiet"
        if number >= turn and kind in ("harmless", "joint"):
            state = kind
        if number >= turn and kind in BROKEN:
            frame, state = _BREAKS[kind](frame, rng), "broken"
        found.append(frame)
        truth.append(state)
    return Stream(kind=kind, train=train, windows=tuple(found), truth=tuple(truth))


def _strength(kind: str, number: int, turn: int, windows: int) -> float:
    """Return how much of the relation has changed, 0 to 1."""
    if number < turn:
        return 0.0
    if kind == "sudden":
        return 1.0
    if kind == "gradual":
        return (number - turn + 1) / max(windows - turn, 1)
    return float((number - turn) // STRETCH % 2 == 0) if kind == "recurring" else 0.0


def _moves(kind: str, number: int, turn: int) -> float:
    return 1.0 if kind == "harmless" and number >= turn else 0.0


def _rows(
    rng: np.random.Generator,
    n: int,
    start: int,
    classify: bool,
    strength: float,
    *,
    harmless: float = 0.0,
    turned: bool = False,
) -> pd.DataFrame:
    at = start + np.arange(n)
    season = SEASON * np.sin(2 * np.pi * at / YEAR)
    own = rng.normal(size=n)
    shared = own + season
    income = np.exp(3 + 0.4 * (0.7 * shared + 0.7 * rng.normal(size=n) + 0.3 * harmless))
    age = np.round(45 + 12 * (0.5 * ((-own if turned else own) + season) + 0.85 * rng.normal(size=n)))
    visits = rng.poisson(np.exp(1 + 0.2 * season))
    region = rng.choice(LEVELS, n, p=SHARES)
    member = rng.random(n) < 0.4
    delay = np.where(rng.random(n) < 0.1, np.nan, rng.gamma(2.0, 3.0, n))
    noise = 1.5 * harmless + rng.normal(size=n)
    first = 1.1 * (np.log(income) - 3) / 0.4 + 0.5 * (age - 45) / 12 + 0.6 * (region == "north") - 0.7 * member
    second = 0.4 * np.minimum(visits - 3, 3) - 0.05 * np.nan_to_num(delay, nan=6.0)
    signal = (1 - 2 * strength) * first + second
    if classify:
        outcome = np.where(rng.random(n) < 1 / (1 + np.exp(-signal)), "yes", "no").astype(object)
    else:
        outcome = np.round(100 + 20 * signal + 10 * rng.normal(size=n), 2)
    return pd.DataFrame(
        {
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(at, unit="h"),
            "income": np.round(income, 2),
            "age": age,
            "visits": visits,
            "region": region,
            "member": np.where(member, "yes", "no"),
            "delay": np.round(delay, 2),
            "noise": np.round(noise, 4),
            "outcome": outcome,
        }
    )


def _null(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(income=frame["income"].where(rng.random(len(frame)) < rng.choice([0.0, 0.5])))


def _unit(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(income=frame["income"] * rng.choice([0.001, 100.0, 1000.0, 0.01]))


def _renamed(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    if rng.random() < 0.5:  # another case or other blanks would be read as the level that is meant
        return frame.assign(region="region_" + frame["region"])
    return frame.assign(region=frame["region"].replace({"north": "N", "south": "S"}))


def _stuck(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(income=float(frame["income"].iloc[0]))


def _swapped(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(income=frame["region"], region=frame["income"].astype(str))


_BREAKS: dict[str, Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]] = {
    "null": _null,
    "unit": _unit,
    "renamed": _renamed,
    "stuck": _stuck,
    "swapped": _swapped,
}
