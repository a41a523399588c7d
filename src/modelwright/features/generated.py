"""Features made of two columns: pairs of numbers, numbers within the levels of a category, time between two dates.

There are thousands and most are worth nothing, so they are screened on the training rows: small boosted trees say which
columns matter, pairs of those are made, and a second fit of trees that may use columns and pairs alike says which pairs
were worth splitting by (compare Zhang et al. 2023, "OpenFE: automated feature generation with expert-level
performance"). Some pairs stand there once more with their rows shuffled; what gains no more than the best of these is
noise (Kursa and Rudnicki 2010, "Feature selection with the Boruta package").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.features.levels import Levels, count_levels
from modelwright.features.target import Target
from modelwright.runtime.op import Op
from modelwright.runtime.ops.lookup import Lookup
from modelwright.runtime.ops.pairs import HOW, PairNumbers
from modelwright.runtime.ops.within import WithinLevels

__all__ = [
    "MOST_DATES",
    "MOST_GROUPS",
    "MOST_KEPT",
    "MOST_NUMBERS",
    "Pairing",
    "WithinEncoder",
    "generated",
    "made_of",
    "split_gains",
    "strongest",
    "worth_keeping",
]

MOST_NUMBERS = 8
"""Numbers that are paired: 28 pairs, 112 features to screen."""
MOST_GROUPED = 5
MOST_GROUPS = 4
MOST_DATES = 4
LEAST_VALUES = 10
"""Numbers with fewer values than this are taken as they are: trees have all of their pairs in a few splits."""

MOST_KEPT = 12
"""With 20, LightGBM gained 1 to 3 % more where so many were better than noise, CatBoost nothing; both took longer."""
MOST_SHUFFLED = 50

SCREEN_TREES = 60
SCREEN_LEAST_ROUNDS = 4
SCREEN_RATE = 0.1
SCREEN_LEAVES = 15
SCREEN_BINS = 63
SCREEN_SHARE = 0.4
"""Features that a tree of the second fit may use: alike ones must not hide behind each other."""
SCREEN_FEATURES = 300
"""Features that a tree of the first fit may use, and of the view that the second fit has beside the generated ones."""

PRIOR_ROWS = 10.0
"""A level's mean and spread are drawn to those of all rows as if it had so many rows more that are like these."""
LEVEL_MIN_COUNT = 5

_SEED_BITS = 2**31 - 1  # of LightGBM


@dataclass(frozen=True)
class Pairing:
    """One feature to be made of columns ``a`` and ``b``.

    Attributes
    ----------
    how : str
        A name in `HOW` for two numbers or dates; ``"less"``, ``"standing"`` or ``"mean"`` for a number ``a`` and a
        category ``b``: the number less its level's mean, that in units of its level's spread, the mean itself.
    """

    a: str
    b: str
    how: str


def split_gains(matrix: np.ndarray, categorical: Sequence[int], target: Target, *, share: float = 1.0) -> np.ndarray:
    """Return what splits by each feature gain in small boosted trees, float64 of shape ``(n_features,)``."""
    import lightgbm

    k = target.n_classes
    outputs, leaf = k if k > 2 else 1, max(1, min(20, len(matrix) // 20))
    parameters = {
        "objective": "multiclass" if k > 2 else "binary" if k else "regression",
        **({"num_class": k} if k > 2 else {}),
        "learning_rate": SCREEN_RATE,
        "num_leaves": SCREEN_LEAVES,
        "max_bin": SCREEN_BINS,
        "min_data_in_leaf": leaf,
        "min_data_per_group": leaf,
        "feature_fraction": min(share, SCREEN_FEATURES / matrix.shape[1]),
        "feature_pre_filter": False,
        "seed": target.seed % _SEED_BITS,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    rounds = max(SCREEN_LEAST_ROUNDS, SCREEN_TREES // (1 if outputs == 1 else -(-outputs // 2)))
    data = lightgbm.Dataset(matrix, label=target.y, categorical_feature=list(categorical), params=parameters)
    booster = lightgbm.train(parameters, data, num_boost_round=rounds)
    return booster.feature_importance("gain").astype(np.float64)


def worth_keeping(
    matrix: np.ndarray, categorical: Sequence[int], gains: np.ndarray, block: np.ndarray, target: Target
) -> np.ndarray:
    """Return which features of ``block`` are worth having beside ``matrix``, ascending, at most `MOST_KEPT`.

    Parameters
    ----------
    gains : ndarray, shape (n_features,)
        `split_gains` of ``matrix`` alone; features of it that gain nothing are left out.
    """
    own = np.argsort(-gains, kind="stable")[:SCREEN_FEATURES]
    own = np.sort(own[gains[own] > 0.0])
    codes = np.flatnonzero(np.isin(own, categorical)).tolist()
    rng = np.random.default_rng([target.seed, 9])
    width = block.shape[1]
    shuffled = block[rng.permutation(len(block))][:, rng.permutation(width)[:MOST_SHUFFLED]]
    together = split_gains(np.hstack([matrix[:, own], block, shuffled]), codes, target, share=SCREEN_SHARE)
    made, noise = np.split(together[len(own) :], [width])
    best = np.argsort(-made, kind="stable")[:MOST_KEPT]
    return np.sort(best[made[best] > noise.max()])


def generated(
    columns: Columns, numbers: Sequence[str], groups: Sequence[str], dates: Sequence[str]
) -> Iterator[Pairing]:
    """Yield the features that may be worth something, of columns in order of what they are worth.

    Parameters
    ----------
    numbers, groups, dates : sequence of str
        Columns that matter, the strongest first; the others of the table are not paired.
    """
    varied = (name for name in numbers if _n_values(columns[name]) >= LEAST_VALUES)
    many = list(islice(varied, MOST_NUMBERS))
    for a, b in combinations(many, 2):
        for how in HOW:
            yield Pairing(a, b, how)
    for a, b in combinations(dates[:MOST_DATES], 2):
        yield Pairing(a, b, "difference")
    for group in groups[:MOST_GROUPS]:
        for number in many[:MOST_GROUPED]:
            for how in ("less", "standing", "mean"):
                yield Pairing(number, group, how)


def _n_values(column: np.ndarray | Strings) -> int:
    assert isinstance(column, np.ndarray)
    seen = column[~np.isnan(column)]
    return len(np.unique(seen))


def made_of(pairings: Sequence[Pairing], columns: Columns) -> tuple[list[Op], list[Pairing]]:
    """Return the operations that make the features, fitted to the rows, and the pairings in the order of the features:
    pairs, then what is relative to levels, then the means of levels."""
    pairs = [pairing for pairing in pairings if pairing.how in HOW]
    ops: list[Op] = [_pairs(pairs)] if pairs else []
    made, encoder = pairs, WithinEncoder()
    for encode, hows in ((encoder.fit, {"less", "standing"}), (encoder.fit_means, {"mean"})):
        wanted = [pairing for pairing in pairings if pairing.how in hows]
        for group in dict.fromkeys(pairing.b for pairing in wanted):
            own = [pairing for pairing in wanted if pairing.b == group]
            ops.append(encode(group, own, columns))
            made = made + own
    return ops, made


def _pairs(pairings: Sequence[Pairing]) -> PairNumbers:
    inputs = tuple(dict.fromkeys(name for pairing in pairings for name in (pairing.a, pairing.b)))
    return PairNumbers(
        inputs=inputs,
        names=tuple(f"{c.a} {HOW[c.how][0]} {c.b}" for c in pairings),
        left=tuple(inputs.index(c.a) for c in pairings),
        right=tuple(inputs.index(c.b) for c in pairings),
        how=tuple(c.how for c in pairings),
    )


@dataclass(frozen=True, kw_only=True)
class WithinEncoder:
    """Numbers next to the mean and the spread that they have in the row's level, both smoothed."""

    min_count: int = LEVEL_MIN_COUNT

    def fit(self, group: str, pairings: Sequence[Pairing], columns: Columns) -> WithinLevels:
        """Return the operation for numbers relative to their level."""
        levels, scales = self._fitted(group, pairings, columns)
        inputs = (group, *dict.fromkeys(pairing.a for pairing in pairings))
        ones = np.ones(levels.n_known + 2)
        return WithinLevels(
            inputs=inputs,
            names=tuple(f"{pairing.a}:{pairing.how} in {group}" for pairing in pairings),
            levels=levels.names,
            number=tuple(inputs.index(pairing.a, 1) for pairing in pairings),
            center=np.column_stack([scales[pairing.a][0] for pairing in pairings]),
            factor=np.column_stack([1.0 / scales[p.a][1] if p.how == "standing" else ones for p in pairings]),
        )

    def fit_means(self, group: str, pairings: Sequence[Pairing], columns: Columns) -> Lookup:
        """Return the operation for the means themselves."""
        levels, scales = self._fitted(group, pairings, columns)
        return Lookup(
            inputs=(group,),
            names=tuple(f"{group}:mean {pairing.a}" for pairing in pairings),
            levels=levels.names,
            table=np.column_stack([scales[pairing.a][0] for pairing in pairings]),
        )

    def _fitted(
        self, group: str, pairings: Sequence[Pairing], columns: Columns
    ) -> tuple[Levels, dict[str, tuple[np.ndarray, np.ndarray]]]:
        column = columns[group]
        assert isinstance(column, Strings)
        levels = count_levels(column, min_count=self.min_count)
        numbers = dict.fromkeys(pairing.a for pairing in pairings)
        return levels, {name: _scale(columns[name], levels.rows, levels.n_known + 2) for name in numbers}


def _scale(values: np.ndarray | Strings, rows: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and spread of a number by row of the table of levels."""
    assert isinstance(values, np.ndarray)
    seen = np.isfinite(values)
    x, at = values[seen], rows[seen]
    if not len(x):
        return np.zeros(size), np.ones(size)
    center = float(x.mean())
    centred = x - center  # first, or squares of large numbers with a small spread would cancel
    variance = float((centred * centred).mean())
    counts = np.bincount(at, minlength=size) + PRIOR_ROWS
    means = np.bincount(at, weights=centred, minlength=size) / counts
    apart = centred - means[at]
    variances = (np.bincount(at, weights=apart * apart, minlength=size) + PRIOR_ROWS * variance) / counts
    spread = np.sqrt(variances)
    return center + means, np.where(spread > 0.0, spread, 1.0)


def strongest(names: Sequence[str], worth: Mapping[str, float]) -> list[str]:
    """Return the columns that are worth anything, the strongest first; equal ones in the order given."""
    return sorted((name for name in names if worth.get(name, 0.0) > 0.0), key=lambda name: -worth[name])
