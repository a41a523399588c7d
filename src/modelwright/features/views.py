"""What each family of learners sees of a table.

- ``"trees"``: numbers with their gaps; frequent levels of categories as codes, and target means and frequencies where
  levels are many; parts of dates; topics, score and statistics of texts.
- ``"linear"``: everything finite and to scale: numbers imputed, clipped and scaled, and once more as normal scores of
  their ranks, so that a linear model can bend; indicators of what was missing; one-hot levels, and target means where
  levels are many; dates on circles; texts as above. For linear models, neighbours and networks.
- ``"native"``: as trees, but every category as codes, for a learner that encodes categories by itself (CatBoost).
- ``"crossed"`` and ``"native_crossed"``: trees or native, and features made of two columns (see `features.generated`);
  the first also has target means of categories with few levels.

Ids and constants give nothing. Width is bounded by the constants below, so that memory is rows times at most a few
numbers per column; of wide tables a view is made of some of the columns, see `features.wide`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast

import numpy as np

from modelwright.data.columns import Columns, Strings, n_rows, take
from modelwright.data.contract import Contract, Kind
from modelwright.data.sampling import sample_rows
from modelwright.errors import DataError, UsageError, did_you_mean
from modelwright.features.categories import Frequencies, LevelCodes, OneHot
from modelwright.features.dates import CyclicDateEncoder, DateEncoder
from modelwright.features.generated import generated, made_of, split_gains, strongest, worth_keeping
from modelwright.features.levels import count_levels
from modelwright.features.means import TargetMeans
from modelwright.features.numbers import QuantileEncoder, ScaledEncoder
from modelwright.features.target import Target
from modelwright.features.texts import MAX_TOPICS, MIN_TEXTS, TextStatisticsEncoder, TextTopicsEncoder
from modelwright.features.wide import base_of, screened_contract
from modelwright.runtime.op import Op
from modelwright.runtime.ops.numbers import Numbers
from modelwright.runtime.view import View
from modelwright.runtime.views import ViewPlan

__all__ = ["VIEWS", "fit_view"]

# Levels, counts and the two representations of numbers below were chosen on sixteen to twenty-one mixed public tables
# by the loss of LightGBM, XGBoost, extra trees and linear models in cross-validation; see docs/adr/0001.

TREE_CODED_LEVELS = 32
"""So many levels have codes for trees; categories with as many or more also get target means and frequencies."""

TREE_MIN_COUNT = 5
LINEAR_ONE_HOT_LEVELS = 64
LINEAR_MEANS_LEVELS = 32
"""From so many frequent levels on, a linear model also gets the target mean, which speaks for the rare ones too."""

LINEAR_MIN_COUNT = 10
NATIVE_MIN_COUNT = 2
NATIVE_MAX_LEVELS = 100_000

THIN_LEVEL_ROWS = 20
"""With fewer training rows per level than this, the words inside a level ("Swift Dzire VDI") are worth features:
what is known of a level itself is then mostly noise."""

LEVEL_TOPICS = 8

SCREEN_LEAST_ROWS = 50
SCREEN_MOST_ROWS = 10_000
SCREEN_MOST_CELLS = 4_000_000
"""Training rows on which generated features are screened, and cells of the view there; with fewer rows nothing is
generated, because any choice would be one of noise."""

MEANS_LEAST_LEVELS = 3
MOST_MEANS = 24

MAX_CELLS = 100_000_000
"""Cells (0.8 GB) that the indicators of all categories may take together, and the topics of all texts."""

_NUMBERS = frozenset({Kind.NUMBER, Kind.BOOLEAN, Kind.DURATION, Kind.GEO})

NUMBERS = ("both", "scaled", "ranks")

Encoded = tuple[Op, np.ndarray | None]
"""An operation, and the block of the training rows where it differs from what the operation gives."""


@dataclass(frozen=True, eq=False)
class _Fit:
    """What the encoders of one view are fitted to."""

    columns: Columns
    contract: Contract
    target: Target
    objective: str
    settings: Mapping[str, Any]
    cache: dict[Any, Any] = field(default_factory=dict)
    view: str = ""

    def names(self, *kinds: Kind) -> list[str]:
        return [s.name for s in self.contract.columns if s.kind in kinds]

    def strings(self, name: str) -> Strings:
        return cast(Strings, self.columns[name])

    def numbers(self, name: str) -> np.ndarray:
        return cast(np.ndarray, self.columns[name])

    def bounded(self, width: int, n_columns: int) -> int:
        """Return how many features each of ``n_columns`` may have: ``width``, or fewer to stay within `MAX_CELLS`."""
        return max(1, min(width, MAX_CELLS // max(1, n_columns * len(self.target.y))))

    def once(self, key: tuple[str, ...], make: Callable[[], Any]) -> Any:
        """Return what ``make`` returned the first time for this column, here or in another view of the columns."""
        sure = self.view != base_of(self.view)
        whole = (self.objective, self.target.n_classes, self.target.seed, sure, *key)
        if whole not in self.cache:
            self.cache[whole] = make()
        return self.cache[whole]


def fit_view(
    view: str,
    columns: Columns,
    contract: Contract,
    y: np.ndarray,
    *,
    objective: str,
    n_classes: int,
    seed: int,
    settings: Mapping[str, Any] | None = None,
    cache: dict[Any, Any] | None = None,
) -> tuple[ViewPlan, View]:
    """Return the fitted plan of a view, and the view of the training rows.

    The two differ in encodings that use the target: the training rows get out-of-fold values, see `features.means`.

    Parameters
    ----------
    view : str
        A name in `VIEWS`, or one with ``":sure"`` behind it: of the columns that surely tell the target.
    columns : Columns
        Canonical training rows.
    contract : Contract
        The columns that may be used; others in ``columns`` are ignored.
    y : ndarray of float64, shape (n_rows,)
        Encoded target, no NaN.
    objective : str
        What is learned; together with ``n_classes``, ``seed`` and the column the key in the cache.
    n_classes : int
        0 for values.
    seed : int
        Same arguments, same plan and view, bit for bit.
    settings : Mapping, optional
        ``{"numbers": "scaled"}``, ``"ranks"`` or ``"both"`` (the default): how the linear view gives numbers.
    cache : dict, optional
        What is expensive and the same in several views (texts, target means) is kept in it. Hand it to the calls for
        other views of the *same rows, target and seed* only.

    Raises
    ------
    DataError
        No column can be used (MW-D501).
    UsageError
        An unknown view (MW-U501) or way to give numbers (MW-U502).
    """
    if base_of(view) not in VIEWS:
        raise UsageError(f"the view '{view}' does not exist", fix=did_you_mean(view, VIEWS), code="MW-U501")
    how = (settings or {}).get("numbers", "both")
    if how not in NUMBERS:
        raise UsageError(
            f"numbers cannot be given as '{how}' in a view", fix=did_you_mean(str(how), NUMBERS), code="MW-U502"
        )
    kept = {} if cache is None else cache
    fit = _Fit(columns, contract, Target(y, n_classes, seed), objective, settings or {}, kept, view)
    seen = fit.once(("contract",), partial(screened_contract, view, columns, contract, y, n_classes))
    encoded = list(VIEWS[base_of(view)](replace(fit, contract=seen)))
    if not encoded:
        raise DataError(
            f"none of the {len(contract.columns)} columns says anything: they are ids, constants or dropped",
            fix="keep more columns, or correct the kind of a column with --kind NAME=KIND",
            code="MW-D501",
        )
    plan = ViewPlan(tuple(op for op, _ in encoded))
    matrix = np.empty((n_rows(columns), len(plan.names)))
    start = 0
    for op, block in encoded:
        part = matrix[:, start : start + len(op.names)]
        if block is None:
            op.write(columns, part)
        else:
            part[:] = block
        start += len(op.names)
    return plan, View(matrix, plan.names, plan.categorical)


def _trees(fit: _Fit) -> Iterator[Encoded]:
    yield from _raw(fit)
    codes = LevelCodes(min_count=TREE_MIN_COUNT, max_levels=TREE_CODED_LEVELS)
    for name in fit.names(Kind.CATEGORY):
        column = fit.strings(name)
        op = codes.fit(name, column)
        yield op, None
        if len(op.levels) == TREE_CODED_LEVELS:
            yield _means(fit, name)
            yield Frequencies().fit(name, column), None
    yield from _texts(fit)


def _native(fit: _Fit) -> Iterator[Encoded]:
    yield from _raw(fit)
    codes = LevelCodes(min_count=NATIVE_MIN_COUNT, max_levels=NATIVE_MAX_LEVELS)
    for name in fit.names(Kind.CATEGORY):
        yield codes.fit(name, fit.strings(name)), None
    yield from _texts(fit)


def _crossed(fit: _Fit) -> Iterator[Encoded]:
    yield from _trees(fit)
    yield from _generated(fit)
    yield from _few_levels(fit)


def _native_crossed(fit: _Fit) -> Iterator[Encoded]:
    yield from _native(fit)
    yield from _generated(fit)


def _linear(fit: _Fit) -> Iterator[Encoded]:
    yield from _complete_numbers(fit)
    for name in fit.names(Kind.DATETIME):
        dates = CyclicDateEncoder().fit(name, fit.numbers(name))
        if dates is not None:
            yield dates, None
    categories = fit.names(Kind.CATEGORY)
    cap = fit.bounded(LINEAR_ONE_HOT_LEVELS, len(categories))
    one_hot = OneHot(min_count=LINEAR_MIN_COUNT, max_levels=cap)
    for name in categories:
        op = one_hot.fit(name, fit.strings(name))
        if op is not None:
            yield op, None
            if len(op.levels) >= min(cap, LINEAR_MEANS_LEVELS):
                yield _means(fit, name)
    yield from _texts(fit)


VIEWS: dict[str, Callable[[_Fit], Iterator[Encoded]]] = {
    "trees": _trees,
    "linear": _linear,
    "native": _native,
    "crossed": _crossed,
    "native_crossed": _native_crossed,
}
"""The views and how each is put together."""


def _raw(fit: _Fit) -> Iterator[Encoded]:
    """Numbers and parts of dates with their gaps."""
    numbers = tuple(fit.names(*_NUMBERS))
    if numbers:
        yield Numbers(inputs=numbers, names=numbers), None
    for name in fit.names(Kind.DATETIME):
        dates = DateEncoder().fit(name, fit.numbers(name))
        if dates is not None:
            yield dates, None


def _complete_numbers(fit: _Fit) -> Iterator[Encoded]:
    """Numbers without gaps: to scale, as normal scores, or both."""
    numbers = fit.names(*_NUMBERS)
    if not numbers:
        return
    how = fit.settings.get("numbers", "both")
    if how == "ranks":
        yield QuantileEncoder().fit(numbers, fit.columns), None
        return
    yield ScaledEncoder().fit(numbers, fit.columns), None
    curved = [name for name in numbers if _three_values(fit.numbers(name))]
    if how == "both" and curved:
        yield QuantileEncoder(indicators=False, suffix=":rank").fit(curved, fit.columns), None


def _three_values(values: np.ndarray) -> bool:
    """Return whether there are more than two values; with two, a rank says nothing that the value does not."""
    seen = values[~np.isnan(values)]
    return bool(len(seen)) and bool(((seen != seen.min()) & (seen != seen.max())).any())


def _means(fit: _Fit, name: str) -> Encoded:
    make = partial(TargetMeans(standardise=True).fit_transform, name, fit.strings(name), fit.target)
    return fit.once(("means", name), make)


def _few_levels(fit: _Fit) -> Iterator[Encoded]:
    """Target means of the categories that trees otherwise see as codes alone: an order to split by."""
    worth, _ = fit.once(("generated",), partial(_screened, fit))
    few = [
        name
        for name in strongest(fit.names(Kind.CATEGORY), worth)
        if MEANS_LEAST_LEVELS <= _n_coded(fit.strings(name)) < TREE_CODED_LEVELS
    ]
    for name in few[: MOST_MEANS // fit.target.matrix.shape[1]]:
        yield _means(fit, name)


def _n_coded(column: Strings) -> int:
    return count_levels(column, min_count=TREE_MIN_COUNT, max_levels=TREE_CODED_LEVELS).n_known


def _generated(fit: _Fit) -> Iterator[Encoded]:
    """Features made of two columns, those that trees would rather split by than by the columns themselves."""
    _, ops = fit.once(("generated",), partial(_screened, fit))
    for op in ops:
        yield op, None


def _screened(fit: _Fit) -> tuple[dict[str, float], list[Op]]:
    """Return what each column is worth to trees, and what makes the features that are worth it."""
    encoded = list(_trees(fit))
    plan = ViewPlan(tuple(op for op, _ in encoded))
    n, width = len(fit.target.y), max(1, len(plan.names))
    if n < SCREEN_LEAST_ROWS:
        return {}, []
    wanted = max(SCREEN_LEAST_ROWS, min(SCREEN_MOST_ROWS, SCREEN_MOST_CELLS // width))
    rows = sample_rows(n, wanted, np.random.default_rng([fit.target.seed, 8]))
    some, y = take(fit.columns, rows), fit.target.y[rows]
    target = Target(y, fit.target.n_classes, fit.target.seed)
    matrix = np.hstack([op(some) if block is None else block[rows] for op, block in encoded])
    worth: dict[str, float] = {}
    gains = split_gains(matrix, plan.categorical, target)
    for sources, gain in zip(plan.sources, gains.tolist()):
        for name in sources:
            worth[name] = worth.get(name, 0.0) + gain / len(sources)
    by_kind = [strongest(fit.names(*kinds), worth) for kinds in (_NUMBERS, {Kind.CATEGORY}, {Kind.DATETIME})]
    ops, pairings = made_of(list(generated(some, *by_kind)), some)
    if not pairings:
        return worth, []
    kept = worth_keeping(matrix, plan.categorical, gains, np.hstack([op(some) for op in ops]), target)
    return worth, made_of([pairings[i] for i in kept.tolist()], fit.columns)[0]


def _texts(fit: _Fit) -> Iterator[Encoded]:
    """Texts, and thin categories whose levels share words."""
    texts = fit.names(Kind.TEXT)
    topics = fit.bounded(MAX_TOPICS, len(texts))
    for name in texts:
        treatment = fit.contract[name].treatment
        least = MIN_TEXTS if treatment is None else max(MIN_TEXTS, treatment.least)
        encoder = TextTopicsEncoder(max_topics=topics, min_texts=least)
        made = fit.once(("topics", name), partial(encoder.fit_transform, name, fit.strings(name), fit.target))
        if made is not None:
            yield made
        statistics = fit.once(("statistics", name), partial(TextStatisticsEncoder().fit, name, fit.strings(name)))
        if statistics is not None:
            yield statistics, None
    encoder = TextTopicsEncoder(max_topics=LEVEL_TOPICS, word_grams=1, character_grams=0)
    for name in fit.names(Kind.CATEGORY):
        if _worded(fit.strings(name)):
            made = fit.once(("words", name), partial(encoder.fit_transform, name, fit.strings(name), fit.target))
            if made is not None:
                yield made


def _worded(column: Strings) -> bool:
    """Return whether a category has many thin levels of several words each."""
    used = np.unique(column.codes[column.codes >= 0])
    if len(used) <= TREE_CODED_LEVELS or len(column) > THIN_LEVEL_ROWS * len(used):
        return False
    picked = used[np.linspace(0, len(used) - 1, min(len(used), 1_000)).astype(np.intp)].tolist()
    return sum(len(column.levels[code].split()) for code in picked) >= 2 * len(picked)
