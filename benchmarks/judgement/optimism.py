"""Is a random split as optimistic as the framing says?

    python benchmarks/judgement/optimism.py --data DATA --to OUT [--half report] [--only elec2] [--rows 20000]

`optimism.csv` holds one known structure a line: a set, its target, and the column of its groups or of its time (``*``:
the order of the rows). Of each set a part is put aside by that structure: a third of the groups, six times, drawn at
random; or the last third of the rows up to each of four moments. On the rest

- *stated* is what the framing says: by how much the score of a random split would be too good, with its interval.
- *measured* is what that score turns out to be worth: the score of a five-fold random cross-validation of the rest,
  minus the score of a model of the rest on the part put aside; with the 95 % interval of a bootstrap that draws whole
  groups, or stretches of time (a tenth of either part). Models are those of the framing; *other model* is the same with
  LightGBM as it comes.
- *next quarter* (time) judges the earlier half of the part put aside alone: as far ahead as a lockbox reaches.
- *same rows* (groups) compares two scores of the part put aside alone: of a random cross-validation in which every row
  has four fifths of its relatives to learn from, and of the model of the rest.

A measured one has an error of its own. Along time the stated interval is one for a further stretch and counts as right
where the measured one lies in it. Of groups, it is one for the mean over groups: it counts as right where the two are
no further apart than √(r² + s²), r and s the reaches of both intervals towards each other; so does `coverage.py`.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from asking import share_with_interval, write_results
from tables import Entry, asked_of, load

from modelwright import steps
from modelwright.audit.boosting import as_table, predicted
from modelwright.brief import Brief
from modelwright.data.columns import Columns, take
from modelwright.errors import ModelwrightError
from modelwright.evaluate.metrics import Metric, get
from modelwright.frame.naive import measure_optimism
from modelwright.frame.problem import Problem, SplitKind
from modelwright.frame.split import group_numbers, time_ranks
from modelwright.lifecycle import STAGES, Silent
from modelwright.running import Run, quietly

DRAWS_OF_GROUPS = 6
MOMENTS = (0.4, 0.5, 0.58, 2 / 3)
FOLDS = 5
STRETCHES = 10
BOOTSTRAPS = 100
FEWEST_ROWS = 20
FEWEST_GROUPS = 5  # put aside: the bootstrap of fewer says nothing


@dataclass(frozen=True, eq=False)
class Known:
    """A set as it is framed, and what its rows belong to."""

    problem: Problem
    columns: Columns
    y: np.ndarray
    classes: tuple[str, ...]
    groups: np.ndarray | None
    order: np.ndarray | None

    @property
    def table(self) -> np.ndarray:
        return as_table(self.columns, self.problem.features, np.arange(len(self.y)))


@dataclass(frozen=True, eq=False)
class Cut:
    """Rows that are looked at, rows put aside, and those of them that come first in time."""

    name: str
    rest: np.ndarray
    aside: np.ndarray
    near: np.ndarray | None = None


def known(entry: Entry, row: dict[str, str], most_rows: int) -> Known:
    """Return a set, framed by its known structure; nothing is trained."""
    named = {k: row[k] for k in ("group", "time") if row[k] not in ("", "*")}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        load(entry, most_rows=most_rows).to_csv(path, index=False)
        brief = Brief(source=str(path), target=row["target"], **named)  # type: ignore[arg-type]
        with Run(brief, data=None, test=None, started=time.monotonic(), listener=Silent(), trains=False) as run:
            for stage in STAGES:
                with quietly():
                    run.keep(stage, getattr(steps, stage.name)(run))
                if stage.name == "frame":
                    break
            problem, columns, y, classes = run.documents["problem"], run.used(), run.y[run.rows], run.classes
    if row["time"] == "*":
        problem = replace(problem, split=SplitKind.TIME, group=None, time=None)
    if row["group"]:
        return Known(problem, columns, y, classes, group_numbers(columns[row["group"]]), None)
    ranks = np.arange(len(y)) if row["time"] == "*" else time_ranks(columns[row["time"]], row["time"])
    return Known(problem, columns, y, classes, None, ranks)


def cuts(known: Known) -> Iterator[Cut]:
    """Return the parts to put aside."""
    if known.groups is not None:
        n_groups = int(known.groups.max()) + 1
        for seed in range(DRAWS_OF_GROUPS):
            drawn = np.random.default_rng([11, seed]).permutation(n_groups)[: n_groups // 3]
            if len(drawn) < FEWEST_GROUPS:
                return
            aside = np.isin(known.groups, drawn)
            yield Cut(f"draw {seed + 1}", np.flatnonzero(~aside), np.flatnonzero(aside))
        return
    assert known.order is not None
    reached = np.cumsum(np.bincount(known.order + 1)) / len(known.order)

    def rank(share: float) -> int:
        return int(np.argmin(np.abs(reached - share))) - 1

    for share in MOMENTS:
        now, near, far = rank(share), rank(1.25 * share), rank(min(1.5 * share, 1.0))
        later = known.order > now
        yield Cut(
            f"{share:.0%}",
            np.flatnonzero(~later),
            np.flatnonzero(later & (known.order <= far)),
            np.flatnonzero(later & (known.order <= near)),
        )


def other_model(x: np.ndarray, y: np.ndarray, new: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Return what LightGBM as it comes predicts, in the shape of `predicted`."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    if not k:
        return LGBMRegressor(n_jobs=1, verbosity=-1, random_state=seed).fit(x, y).predict(new).reshape(-1, 1)
    found = np.full((len(new), k), 1e-4)
    model = LGBMClassifier(n_jobs=1, verbosity=-1, random_state=seed).fit(x, y.astype(int))
    found[:, model.classes_] = np.maximum(model.predict_proba(new), 1e-4)
    return found / found.sum(axis=1, keepdims=True)


class Measuring:
    """Measures what the score of a random split is worth, with one kind of model."""

    def __init__(self, known: Known, model: Any, seed: int) -> None:
        self.metric: Metric = get(known.problem.metric)
        self.table, self.y, self.k = known.table, known.y, len(known.classes)
        self.model, self.seed = model, seed
        self.sign = 1.0 if self.metric.greater_is_better else -1.0

    def says(self, train: np.ndarray, held: np.ndarray) -> np.ndarray:
        return self.model(self.table[train], self.y[train], self.table[held], self.k, self.seed)

    def crossed(self, rows: np.ndarray, others: np.ndarray, n: int) -> np.ndarray:
        """Return out-of-fold predictions of rows; each fold learns from the other folds and ``n`` of ``others``."""
        rng = np.random.default_rng([self.seed, 99])
        fold = rng.permutation(len(rows)) % FOLDS
        found = np.empty((len(rows), max(1, self.k)))
        for f in range(FOLDS):
            train = np.concatenate([rows[fold != f], rng.choice(others, min(n, len(others)), replace=False)])
            found[fold == f] = self.says(train, rows[fold == f])
        return found

    def score(self, rows: np.ndarray, said: np.ndarray, drawn: np.ndarray | None = None) -> float:
        if drawn is not None:
            rows, said = rows[drawn], said[drawn]
        return math.nan if self.metric.undefined(self.y[rows], said) else float(self.metric(self.y[rows], said))

    def difference(
        self, one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray], known: Known, *, paired: bool
    ) -> tuple[float, float, float]:
        """Return how much better one score is, with the interval of a bootstrap of groups or stretches."""
        value = self.sign * (self.score(*one) - self.score(*other))
        rng = np.random.default_rng([self.seed, 7])
        members = [units_of(known, rows) for rows, _ in (one, other)]
        drawn = []
        for _ in range(BOOTSTRAPS):
            first = resampled(members[0], rng)
            second = first if paired else resampled(members[1], rng)
            drawn.append(self.sign * (self.score(*one, first) - self.score(*other, second)))
        spread = [d for d in drawn if math.isfinite(d)]
        if not math.isfinite(value) or len(spread) < BOOTSTRAPS // 2:
            return value, math.nan, math.nan
        # Where few units were drawn the bootstrap's variance is too small by (n - 1) / n: Efron and Tibshirani 1993.
        error = 1.96 * float(np.std(spread)) * math.sqrt(1 + 1 / max(min(map(len, members)) - 1, 1))
        return value, value - error, value + error


def units_of(known: Known, rows: np.ndarray) -> list[np.ndarray]:
    """Return the positions in ``rows`` of each group, or of each tenth in time."""
    if known.groups is not None:
        number = np.unique(known.groups[rows], return_inverse=True)[1]
    else:
        assert known.order is not None
        place = np.argsort(np.argsort(known.order[rows], kind="stable"))
        number = place * STRETCHES // len(rows)
    along = np.argsort(number, kind="stable")
    return np.split(along, np.flatnonzero(np.diff(number[along])) + 1)


def resampled(units: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Return the rows of as many units, drawn with replacement."""
    return np.concatenate([units[i] for i in rng.integers(0, len(units), len(units))])


def holds(stated: Any, measured: tuple[float, float, float], *, own_error: bool) -> bool:
    """Return whether the stated interval holds the measured one, allowing for its own error where asked."""
    value, low, high = measured
    up = value > stated.value
    reach = stated.high - stated.value if up else stated.value - stated.low
    own = (value - low if up else high - value) if own_error and math.isfinite(low) else 0.0
    return bool(abs(value - stated.value) <= math.hypot(reach, own))


def judged(known: Known, cut: Cut, seed: int) -> dict[str, Any]:
    """Return what is stated and what is measured for one cut."""
    rest = cut.rest
    told = measure_optimism(known.problem, take(known.columns, rest), known.y[rest], known.classes, seed)
    result: dict[str, Any] = {"cut": cut.name, "n": len(rest), "n_aside": len(cut.aside)}
    if told is None or told.excess.low is None:
        return {**result, "stated": None}
    by_group = known.groups is not None
    result |= {"naive": told.naive.value, "fair": told.fair.value, "metric": told.naive.name}
    result["stated"] = [told.excess.value, told.excess.low, told.excess.high]
    for name, model in (("measured", predicted), ("other model", other_model)):
        own = Measuring(known, model, seed)
        naive = (rest, own.crossed(rest, rest[:0], 0))
        said = own.says(rest, cut.aside)
        parts = {name: (cut.aside, said)}
        if cut.near is not None and name == "measured":
            parts["next quarter"] = (cut.near, said[np.isin(cut.aside, cut.near)])
        found = {what: own.difference(naive, part, known, paired=False) for what, part in parts.items()}
        if by_group and name == "measured":
            mates = len(rest) - len(cut.aside) * (FOLDS - 1) // FOLDS
            again = own.crossed(cut.aside, rest, max(mates, 0))
            found["same rows"] = own.difference((cut.aside, again), (cut.aside, said), known, paired=True)
        for what, measured in found.items():
            if math.isfinite(measured[0]):
                result[what] = list(measured)
                result[f"{what} in"] = holds(told.excess, measured, own_error=by_group)
                result[f"{what} plainly in"] = holds(told.excess, measured, own_error=False)
    return result


WAYS = ("measured", "next quarter", "same rows", "other model")


def line(row: dict[str, str], results: list[dict[str, Any]]) -> str:
    """Return a set's line: medians over the cuts, and in how many the stated interval was right."""
    told = [r for r in results if r["stated"]]
    by = row["group"] or row["time"].replace("*", "order of rows")
    if not told:
        why = "not stated" if results else "too few to put some aside"
        return f"| {row['set']} | {by} | {why} | | | | | | |"

    def middle(values: list[list[float]]) -> str:
        v = np.median(np.array(values, dtype=float), axis=0)
        return f"{v[0]:+.3g} ({v[1]:.3g} to {v[2]:.3g})"

    cells = [row["set"], by, f"{told[0]['metric']}, {np.median([r['naive'] for r in told]):.3g}"]
    cells += [middle([r["stated"] for r in told]), middle([r["measured"] for r in told if "measured" in r])]
    for way in WAYS:
        marks = [r[f"{way} in"] for r in told if f"{way} in" in r]
        cells.append(f"{sum(marks)} of {len(marks)}" if marks else "")
    return "| " + " | ".join(cells) + " |"


def summary(results: list[dict[str, Any]]) -> list[str]:
    """Return how often the stated interval was right, and how wide it was."""
    lines = []
    for kind in ("groups", "time"):
        part = [r for r in results if r["kind"] == kind]
        told = [r for r in part if r["stated"]]
        if not told:
            continue
        width = np.median([(r["stated"][2] - r["stated"][1]) / abs(r["naive"]) for r in told])
        settled = sum(r["stated"][1] > 0 or r["stated"][2] < 0 for r in told)
        lines += [
            f"By {kind}: stated for {len(told)} of {len(part)} cuts of {len({r['set'] for r in part})} sets, "
            f"half of the intervals narrower than {width:.2g} × the random split's score, {settled} without zero.",
            "",
        ]
        for way in WAYS:
            marks = [r[f"{way} in"] for r in told if f"{way} in" in r]
            plain = [r[f"{way} plainly in"] for r in told if f"{way} in" in r]
            if marks:
                beside = f"; {np.mean(plain):.0%} without allowing for the error of the measured one"
                right = f"- {way}: inside in {share_with_interval(sum(marks), len(marks))} of {len(marks)}"
                lines.append(right + (beside if kind == "groups" else ""))
        lines.append("")
    return lines


def main() -> None:
    """Measure the sets and print a table."""
    asked, index, rows = asked_of(__doc__, "optimism")
    results, lines = [], []
    for row in rows:
        try:
            found = known(index[row["set"]], row, asked.rows)
        except ModelwrightError as error:
            lines.append(f"| {row['set']} | refused: {str(error)[:80]} | | | | | | | |")
            continue
        with quietly():
            mine = [
                judged(found, cut, seed=0) for cut in cuts(found) if min(len(cut.rest), len(cut.aside)) >= FEWEST_ROWS
            ]
        results += [{"set": row["set"], "kind": "groups" if row["group"] else "time", **r} for r in mine]
        lines.append(line(row, mine))
        print(lines[-1], flush=True)
    head = ["# The stated optimism of a random split, and the measured one", "", *summary(results)]
    head += ["| set | by | random split | stated | measured | inside | next quarter | same rows | other model |"]
    write_results(asked.to, "optimism", results, [*head, "|---|---|---|---|---|---|---|---|---|", *lines])


if __name__ == "__main__":
    main()
