"""Rows on which a graph is compared with its plan: ordinary ones, hostile ones, and those next to every branch.

Values are drawn column by column from what the contract, the profile and the plan itself state. A threshold in a tree
is the value at which rounding turns a row around; so many rows stand exactly at one, or at the next number above or
below it, in double and in single precision.
"""

from __future__ import annotations

import numpy as np

from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.data.profile import QUANTILES, Profile
from modelwright.package.exports.onnx.scorers import Cuts
from modelwright.package.parity import hostile_columns, join
from modelwright.runtime.ops.dates import DAY, Dates
from modelwright.runtime.ops.lookup import Lookup
from modelwright.runtime.ops.numbers import Numbers, QuantileNumbers, ScaledNumbers
from modelwright.runtime.ops.texts import TextTopics
from modelwright.runtime.ops.within import WithinLevels
from modelwright.runtime.plan import Plan

__all__ = ["N_RANDOM", "probes"]

N_RANDOM = 1_000
MISSING_SHARE = 0.08
AT_CUTS_SHARE = 0.5  # of the numbers of a column whose trees branch
EXTREMES = (0.0, -0.0, 1.0, -1.0, 1e-300, -1e-300, 1e9, -1e9, 3e38, -3e38, 3.5e38, 1e300, -1e300)
EXTREME_SHARE = 0.03
ODD_TEXTS = (
    " ",
    "\t\n",
    "Ünïcödé ΑΣ ẞ İ ǅ",
    "漢字 かな カナ 한글",
    "٣٤ १२ ²³ ½",
    "a\u00a0b\u2003c\u3000d\u200be",
    "👩‍👩‍👧 😀!?",
    "under_score x-y it's e\u0301",
    "(a) [b] {c} .*+?^$|\\",
    "\x1c\x1f\x85\u2028",
    "x" * 6_000,
    "word " * 1_500,
)
MOST_WORDS = 12


def probes(plan: Plan, profile: Profile, golden: Columns, cuts: Cuts, rng: np.random.Generator) -> Columns:
    """Return the golden rows, hostile ones made of these, and `N_RANDOM` rows drawn from the columns' own values."""
    drawn: Columns = {}
    for spec in plan.contract.columns:
        if spec.kind.numeric:
            drawn[spec.name] = _numbers(spec, profile, _edges(plan, spec.name, cuts), rng)
        else:
            drawn[spec.name] = _texts(plan, spec, rng)
    everyday = join(golden, drawn)
    return join(everyday, hostile_columns(everyday, plan.contract, rng))


def _edges(plan: Plan, name: str, cuts: Cuts) -> np.ndarray:
    """Return the values of a column at which the plan does something else than a hair below or above."""
    found = [np.empty(0)]
    for key, view in plan.views.items():
        start = 0
        for op in view.ops:
            if name in op.inputs:
                found.append(_edges_of(op, name, start, cuts.get(key, {})))
            start += len(op.names)
    values = np.concatenate(found)
    return np.unique(values[np.isfinite(values)])


def _edges_of(op: object, name: str, start: int, cuts: dict[int, np.ndarray]) -> np.ndarray:
    if isinstance(op, Numbers):
        return cuts.get(start + op.inputs.index(name), np.empty(0))
    if isinstance(op, Dates):
        own = [cuts.get(start + j, np.empty(0)) for j, part in enumerate(op.parts) if part == "elapsed"]
        return np.concatenate([*own, np.empty(0)]) * DAY
    if isinstance(op, ScaledNumbers):
        j = op.inputs.index(name)
        return np.array([op.low[j], op.high[j], op.center[j], op.fill[j]])
    if isinstance(op, QuantileNumbers):
        j = op.inputs.index(name)
        return op.knots[op.starts[j] : op.starts[j + 1]]
    if isinstance(op, WithinLevels):
        own = [
            (op.center[:, j] + cuts.get(start + j, np.empty(0))[:, None] / op.factor[:, j]).ravel()
            for j, place in enumerate(op.number)
            if op.inputs[place] == name
        ]
        return np.concatenate([*own, np.empty(0)])
    return np.empty(0)


def _numbers(spec: ColumnSpec, profile: Profile, edges: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    low = 0.0 if spec.minimum is None else spec.minimum
    high = max(low, 1.0 if spec.maximum is None else spec.maximum)
    known = next((p.quantiles for p in profile.columns if p.name == spec.name), ())
    quantiles = known if len(known) == len(QUANTILES) else np.linspace(low, high, len(QUANTILES))
    values = np.interp(rng.random(N_RANDOM), QUANTILES, quantiles)
    whole = rng.random(N_RANDOM) < 0.5
    values[whole] = np.round(values[whole])
    if spec.kind is Kind.BOOLEAN:
        values = rng.integers(0, 2, N_RANDOM).astype(np.float64)
    if len(edges):
        at = rng.random(N_RANDOM) < AT_CUTS_SHARE
        values[at] = _beside(rng.choice(edges, int(at.sum())), rng)
    values = np.where(rng.random(N_RANDOM) < EXTREME_SHARE, rng.choice(EXTREMES, N_RANDOM), values)
    values[rng.random(N_RANDOM) < MISSING_SHARE] = np.nan
    return values


def _beside(edges: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the values themselves, or their neighbours in double or in single precision."""
    with np.errstate(over="ignore"):
        single = edges.astype(np.float32)
        choices = [edges, single.astype(np.float64)]
        for towards in (-np.inf, np.inf):
            choices.append(np.nextafter(edges, towards))
            choices.append(np.nextafter(single, np.float32(towards)).astype(np.float64))
    table = np.where(np.isfinite(np.stack(choices)), np.stack(choices), edges)
    return table[rng.integers(0, len(table), len(edges)), np.arange(len(edges))]


def _texts(plan: Plan, spec: ColumnSpec, rng: np.random.Generator) -> Column:
    operations = [op for view in plan.views.values() for op in view.ops if spec.name in op.inputs]
    levels = [level for op in operations if isinstance(op, Lookup | WithinLevels) for level in op.levels]
    known = [*dict.fromkeys([*levels, *spec.levels]), "a level never seen", "A Level"]
    terms = [term for op in operations if isinstance(op, TextTopics) for term in op.vocabulary]
    if spec.kind is not Kind.TEXT and not terms:
        values = rng.choice(np.array(known, dtype=object), N_RANDOM)
    else:
        words = np.array([*(t.strip("\x02\x03") for t in terms), "unheard", "OF", "x1", "", "!"], dtype=object)
        values = np.empty(N_RANDOM, dtype=object)
        for i in range(N_RANDOM):
            values[i] = " ".join(rng.choice(words, rng.integers(1, MOST_WORDS)).tolist()).strip() or None
        odd = rng.choice(N_RANDOM, len(ODD_TEXTS), replace=False)
        values[odd] = np.array(ODD_TEXTS, dtype=object)
    values[rng.random(N_RANDOM) < MISSING_SHARE] = None
    return Strings.from_values(values.tolist())
