"""What each family of learners sees of a table.

- ``"trees"``: numbers with their gaps; categories with few levels as codes, those with many as target means and
  frequencies; parts of dates; topics, score and statistics of texts.
- ``"linear"``: everything finite and to scale: numbers imputed, clipped and scaled, with indicators of what was
  missing; one-hot levels, and target means where levels are many; dates on circles; texts as above. For linear
  models, neighbours and networks.
- ``"native"``: as trees, but every category as codes, for a learner that encodes categories by itself (CatBoost).

Ids and constants give nothing. Width is bounded by the constants below, so that memory is rows times at most a few
numbers per column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import numpy as np

from modelwright.data.columns import Columns, Strings, n_rows
from modelwright.data.contract import Contract, Kind
from modelwright.errors import DataError, UsageError, did_you_mean
from modelwright.features.categories import Frequencies, LevelCodes, OneHot
from modelwright.features.dates import CyclicDateEncoder, DateEncoder
from modelwright.features.means import TargetMeans
from modelwright.features.missing import MissingCountEncoder
from modelwright.features.numbers import QuantileEncoder, ScaledEncoder
from modelwright.features.target import Target
from modelwright.features.texts import TextStatisticsEncoder, TextTopicsEncoder
from modelwright.runtime.op import Op
from modelwright.runtime.ops.numbers import Numbers
from modelwright.runtime.view import View
from modelwright.runtime.views import ViewPlan

__all__ = ["VIEWS", "fit_view"]

TREE_CODED_LEVELS = 32
"""Categories with more levels than this are target-encoded for trees: splits over subsets of many levels overfit."""

TREE_MIN_COUNT = 5
LINEAR_ONE_HOT_LEVELS = 32
LINEAR_MIN_COUNT = 10
NATIVE_MIN_COUNT = 2
NATIVE_MAX_LEVELS = 100_000

_NUMBERS = frozenset({Kind.NUMBER, Kind.BOOLEAN, Kind.DURATION, Kind.GEO})

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

    def names(self, *kinds: Kind) -> list[str]:
        return [s.name for s in self.contract.columns if s.kind in kinds]

    def strings(self, name: str) -> Strings:
        return cast(Strings, self.columns[name])

    def once(self, key: tuple[str, ...], make: Callable[[], Any]) -> Any:
        """Return what ``make`` returned the first time for this column, here or in another view."""
        whole = (self.objective, self.target.n_classes, self.target.seed, *key)
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
        ``"trees"``, ``"linear"`` or ``"native"``.
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
        ``{"numbers": "quantile"}`` maps numbers of the linear view to normal scores instead of scaling them.
    cache : dict, optional
        What is expensive and the same in several views (texts, target means) is kept in it. Hand it to the calls for
        other views of the *same rows, target and seed* only.

    Raises
    ------
    DataError
        No column can be used (MW-D501).
    UsageError
        An unknown view (MW-U501).
    """
    if view not in VIEWS:
        raise UsageError(f"the view '{view}' does not exist", fix=did_you_mean(view, VIEWS), code="MW-U501")
    fit = _Fit(columns, contract, Target(y, n_classes, seed), objective, settings or {}, {} if cache is None else cache)
    encoded = list(VIEWS[view](fit))
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


def _linear(fit: _Fit) -> Iterator[Encoded]:
    numbers = fit.names(*_NUMBERS)
    if numbers:
        encoder = QuantileEncoder() if fit.settings.get("numbers") == "quantile" else ScaledEncoder()
        yield encoder.fit(numbers, fit.columns), None
    for name in fit.names(Kind.DATETIME):
        dates = CyclicDateEncoder().fit(name, cast(np.ndarray, fit.columns[name]))
        if dates is not None:
            yield dates, None
    one_hot = OneHot(min_count=LINEAR_MIN_COUNT, max_levels=LINEAR_ONE_HOT_LEVELS)
    for name in fit.names(Kind.CATEGORY):
        op = one_hot.fit(name, fit.strings(name))
        if op is not None:
            yield op, None
            if len(op.levels) == LINEAR_ONE_HOT_LEVELS:
                yield _means(fit, name)
    yield from _texts(fit)


VIEWS: dict[str, Callable[[_Fit], Iterator[Encoded]]] = {"trees": _trees, "linear": _linear, "native": _native}
"""The views and how each is put together."""


def _raw(fit: _Fit) -> Iterator[Encoded]:
    """Numbers and parts of dates with their gaps."""
    numbers = tuple(fit.names(*_NUMBERS))
    if numbers:
        yield Numbers(inputs=numbers, names=numbers), None
    for name in fit.names(Kind.DATETIME):
        dates = DateEncoder().fit(name, cast(np.ndarray, fit.columns[name]))
        if dates is not None:
            yield dates, None
    kinds = (*_NUMBERS, Kind.DATETIME, Kind.CATEGORY, Kind.TEXT)
    count = MissingCountEncoder().fit(fit.names(*kinds), fit.columns)
    if count is not None:
        yield count, None


def _means(fit: _Fit, name: str) -> Encoded:
    make = partial(TargetMeans(standardise=True).fit_transform, name, fit.strings(name), fit.target)
    return fit.once(("means", name), make)


def _texts(fit: _Fit) -> Iterator[Encoded]:
    for name in fit.names(Kind.TEXT):
        topics = fit.once(
            ("topics", name), partial(TextTopicsEncoder().fit_transform, name, fit.strings(name), fit.target)
        )
        if topics is not None:
            yield topics
        statistics = fit.once(("statistics", name), partial(TextStatisticsEncoder().fit, name, fit.strings(name)))
        if statistics is not None:
            yield statistics, None
