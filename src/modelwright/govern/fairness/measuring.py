"""Measures by group of people, how far apart the groups are, and which pairs are too far apart beyond the noise."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelwright.evaluate.counting import labels_of
from modelwright.evaluate.measurements import (
    Disparity,
    Fairness,
    GroupPair,
    GroupRow,
    GroupTable,
    Measurement,
)
from modelwright.govern.fairness.choosing import all_measures, measures_of
from modelwright.govern.fairness.groups import Grouping
from modelwright.govern.fairness.rates import Rate, difference, mean_of, over, ratio, share, shrink

__all__ = [
    "ALPHA",
    "FEWEST_ROWS",
    "FEWEST_UNITS",
    "Judged",
    "doubt",
    "group_table",
    "measure_fairness",
    "steady_ratio",
    "widest_pair",
]

FEWEST_ROWS = 30
"""That count for a measure: of fewer a group is shown and not compared; the interval of a share is then too wide."""
FEWEST_UNITS = 5
"""Independent groups of rows that they must come from."""
ALPHA = 0.05
"""Chance that any of the pairs looked at, by one measure, is told apart where there is no difference (Bonferroni)."""
MOST_ROWS_SHOWN = 24
MOST_BELOW = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """Rows that are compared.

    Attributes
    ----------
    y : ndarray of float64, shape (n_rows,)
    prediction : ndarray of float64, shape (n_rows, n_outputs)
    threshold : float or None
        For two classes.
    clusters : ndarray of int or None
        Rows that count as one.
    unit : str
        Of values.
    """

    y: np.ndarray
    prediction: np.ndarray
    threshold: float | None
    clusters: np.ndarray | None = None
    unit: str = ""

    @property
    def n_classes(self) -> int:
        """0 for values."""
        return 0 if self.prediction.shape[1] == 1 else self.prediction.shape[1]


def measure_fairness(
    judged: Judged, groups: Sequence[Grouping], *, asked: str | None, least: float, proposed: bool
) -> Fairness:
    """Return the groups of every protected column, and of two together, compared.

    Parameters
    ----------
    judged : Judged
        Rows that chose nothing.
    groups : sequence of Grouping
        Over the same rows.
    asked : str or None
        How groups are compared, see `choosing.CHOICES`.
    least : float
        Ratio that is fair enough.
    proposed : bool
        The columns were not named by the user.
    """
    tables = tuple(group_table(judged, g, least=least, looks=len(groups)) for g in groups)
    return Fairness(
        asked=asked or "",
        measures=measures_of(asked, judged.n_classes),
        least=least,
        proposed=proposed,
        tables=tables,
    )


def group_table(judged: Judged, grouping: Grouping, *, least: float, looks: int = 1) -> GroupTable:
    """Return one table; ``looks`` is how many are made, which the intervals of pairs allow for."""
    names = all_measures(judged.n_classes)
    columns = _columns(judged)
    present = [code for code in range(len(grouping.labels)) if (grouping.codes == code).any()]
    rates: dict[str, list[Rate]] = {name: [] for name in names}
    for code in present:
        rows = grouping.codes == code
        for name in names:
            rates[name].append(_rate(name, columns, rows, judged.clusters))
    labels = [grouping.labels[code] for code in present]
    sizes = [int((grouping.codes == code).sum()) for code in present]
    drawn = {name: shrink(rates[name]) for name in names}
    disparities = tuple(_disparity(name, labels, rates[name], least, looks, judged) for name in names)
    by_size = sorted(range(len(labels)), key=lambda i: -sizes[i])[:MOST_ROWS_SHOWN]
    rows_shown = tuple(
        GroupRow(
            group=labels[i],
            n=sizes[i],
            measures=tuple(_with_unit(rates[name][i].measured(name), judged) for name in names),
            shrunk=tuple(drawn[name][i] for name in names),
            judged=tuple(_comparable(rates[name][i]) for name in names),
        )
        for i in sorted(by_size)
    )
    return GroupTable(
        columns=grouping.columns, rows=rows_shown, disparities=disparities, left_out=len(labels) - len(rows_shown)
    )


def _columns(judged: Judged) -> dict[str, np.ndarray]:
    """Return, per row, what the measures are made of."""
    y, prediction = judged.y, judged.prediction
    if judged.n_classes == 0:
        error = prediction[:, 0] - y
        return {"error": error, "absolute": np.abs(error)}
    labels = labels_of(prediction, judged.threshold)
    if judged.n_classes > 2:
        return {"right": (labels == y).astype(float)}
    return {"event": (y == 1).astype(float), "act": (labels == 1).astype(float), "chance": prediction[:, 1]}


def _rate(name: str, c: dict[str, np.ndarray], rows: np.ndarray, clusters: np.ndarray | None) -> Rate:
    if name in _CONDITIONS:
        what, given, wanted = _CONDITIONS[name]
        kept = rows if given is None else rows & (c[given] == wanted)
        return share(c[what][kept], None if clusters is None else clusters[kept])
    own = None if clusters is None else clusters[rows]
    if name == "observed_over_predicted":
        return over(c["event"][rows], c["chance"][rows], own)
    if name == "mean_absolute_error":
        return mean_of(c["absolute"][rows], own, positive=True)
    return mean_of(c["error"][rows], own, positive=False)


_CONDITIONS: dict[str, tuple[str, str | None, float]] = {
    "event_rate": ("event", None, 0.0),
    "selection_rate": ("act", None, 0.0),
    "true_positive_rate": ("act", "event", 1.0),
    "false_positive_rate": ("act", "event", 0.0),
    "precision": ("event", "act", 1.0),
    "accuracy": ("right", None, 0.0),
}
"""Shares: of what, among rows where which column has which value."""


def _comparable(rate: Rate) -> bool:
    return rate.n >= FEWEST_ROWS and rate.units >= FEWEST_UNITS


def _disparity(name: str, labels: list[str], rates: list[Rate], least: float, looks: int, judged: Judged) -> Disparity:
    kept = [i for i, rate in enumerate(rates) if _comparable(rate)]
    pairs = list(itertools.combinations(kept, 2))
    if not pairs:
        return Disparity(measure=name, widest=None, difference=None)
    level = 1 - ALPHA / (len(pairs) * looks)
    lowest = min(kept, key=lambda i: rates[i].value)
    highest = max((i for i in kept if i != lowest), key=lambda i: rates[i].value)  # another, where all are alike
    gap = _measured(f"{name}_difference", difference(rates[lowest], rates[highest], level), rates, pairs, looks)
    gap = _with_unit(gap, judged)
    if name == "mean_error":  # may be below 0: a ratio says nothing
        return Disparity(measure=name, widest=None, difference=gap)

    def pair(i: int, j: int) -> GroupPair:
        low, high = (i, j) if rates[i].value <= rates[j].value else (j, i)
        found = _measured(f"{name}_ratio", ratio(rates[low], rates[high], level), rates, pairs, looks)
        return GroupPair(low=labels[low], high=labels[high], ratio=found)

    every = [p for i, j in pairs if (p := pair(i, j)).ratio.value is not None]
    below = [p for p in every if p.ratio.high is not None and p.ratio.high < least]
    unsure = [p for p in every if p not in below and (p.ratio.low is None or p.ratio.low < least)]
    below.sort(key=lambda p: p.ratio.high or 0.0)
    unsure.sort(key=doubt)
    return Disparity(
        measure=name,
        widest=pair(lowest, highest),
        difference=gap,
        below=tuple(below[:MOST_BELOW]),
        unsure=tuple(unsure[:MOST_BELOW]),
    )


def _measured(
    name: str,
    found: tuple[float | None, float | None, float | None],
    rates: list[Rate],
    pairs: list[tuple[int, int]],
    looks: int,
) -> Measurement:
    value, low, high = found
    n = sum(rates[i].n for i in {i for pair in pairs for i in pair})
    many = len(pairs) * looks
    method = "MOVER" + (f", for {many:,} comparisons at once" if many > 1 else "")
    return Measurement(
        name=name, value=value, low=low, high=high, n=n,
        method=method if value is not None else "not defined: the rate is 0 in every group",
    )  # fmt: skip


def _with_unit(m: Measurement, judged: Judged) -> Measurement:
    return replace(m, unit=judged.unit) if judged.n_classes == 0 and "ratio" not in m.name else m


def doubt(pair: GroupPair) -> tuple[float, float]:
    """Return what pairs that may be too far apart are ordered by: how far they may be, then how far they seem to be."""
    return pair.ratio.low or 0.0, pair.ratio.value or 0.0


def widest_pair(tables: Sequence[GroupTable], measures: Sequence[str]) -> GroupPair | None:
    """Return the pair of groups farthest apart by any of the measures; None where nothing can be compared."""
    found = [
        d.widest
        for table in tables
        for d in table.disparities
        if d.measure in measures and d.widest is not None and d.widest.ratio.value is not None
    ]
    return min(found, key=lambda p: p.ratio.value or 0.0) if found else None


def steady_ratio(tables: Sequence[GroupTable], measures: Sequence[str]) -> float | None:
    """Return the lowest ratio of two groups with every group taken for what its rows say of it, drawn to the others.

    A model is chosen by it: the lowest of many ratios as they are would be that of the smallest groups.
    """
    found = []
    for table in tables:
        for at, m in enumerate(table.rows[0].measures):
            if m.name not in measures:
                continue
            drawn = [v for row in table.rows if row.judged[at] and (v := row.shrunk[at]) is not None]
            if len(drawn) > 1 and max(drawn) > 0:
                found.append(min(drawn) / max(drawn))
    return min(found) if found else None
