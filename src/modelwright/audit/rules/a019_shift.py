"""A019: a test table that is unlike the training table."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, names, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.looking import coded, is_missing
from modelwright.data.columns import Column, Columns, Strings, n_rows, take
from modelwright.data.contract import Kind

__all__ = ["TestShift"]

MIN_ROWS = 50
# Distance between distributions: the population stability index calls 0.25 a major shift; for two normal distributions
# that is a Kolmogorov-Smirnov distance of 0.2. It must also be beyond the noise (1.95 √(1/n + 1/m): level 0.001).
LARGE_DISTANCE = 0.2
NOISE_FACTOR = 1.95
MISSING_DIFFERENCE = 0.10
# A classifier that tells test rows from training rows: 0.5 is none, 0.6 is visible, 0.75 is another population.
VISIBLE_AUC = 0.60
LARGE_AUC = 0.75
JOINT_ROWS = 3_000
MAX_LEVELS = 1_000


class TestShift:
    """Finds columns that differ between the training and the test table, and tests all columns together."""

    __test__ = False  # the name is about test tables; pytest should not collect it
    code: ClassVar[str] = "A019"
    title: ClassVar[str] = "Train-test shift"
    what: ClassVar[str] = "The rows of the test table are unlike the training rows."
    why_it_matters: ClassVar[str] = (
        "Scores on training-like rows do not carry over. Often it shows that the tables were made in two ways."
    )
    how_detected: ClassVar[str] = (
        f"Per column: a Kolmogorov-Smirnov (numbers) or total variation (categories) distance of {LARGE_DISTANCE:g} "
        "beyond "
        f"its noise at level 0.001, or a share of missing values that differs by {percent(MISSING_DIFFERENCE)}. All "
        "columns together: a small gradient boosting machine tells test rows from training rows with an area under "
        f"the ROC curve of {VISIBLE_AUC:g} (a warning from {LARGE_AUC:g}; Lopez-Paz and Oquab 2017)."
    )
    what_is_done: ClassVar[str] = "Told."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per shifted column and one for all together, or why there is nothing to check."""
        if context.test is None:
            return "there is no test table"
        n, m = len(context.row_numbers), n_rows(context.test)
        if min(n, m) < MIN_ROWS:
            return f"one of the tables has fewer than {MIN_ROWS} rows"
        shared = [n for n in context.features if n in context.test and not identifier_reason(context, n)]
        shared = [n for n in shared if context.contract[n].kind is not Kind.TEXT]
        found = [f for name in shared if (f := self._column(context, name, context.test)) is not None]
        return self._together(context, shared, context.test) + found

    def _column(self, context: AuditContext, name: str, test: Columns) -> Finding | None:
        here, there = context.columns[name], test[name]
        missing_here, missing_there = float(is_missing(here).mean()), float(is_missing(there).mean())
        distance, n = _distance(here, there)
        noisy = distance < max(LARGE_DISTANCE, NOISE_FACTOR * n**0.5)
        gap = missing_there - missing_here
        if noisy and abs(gap) < MISSING_DIFFERENCE:
            return None
        what = (
            f"is missing in {percent(missing_here)} of the training rows and {percent(missing_there)} of the test rows"
            if noisy
            else f"has another distribution in the test table (distance {distance:.2f} of at most 1)"
        )
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[name],
            message=f"'{name}' {what}: what was learned from it may not hold there.",
            evidence={"distance": distance, "missing_train": missing_here, "missing_test": missing_there},
            fix="find out whether both tables were made in the same way",
        )

    def _together(self, context: AuditContext, shared: list[str], test: Columns) -> list[Finding]:
        if not shared:
            return []
        auc, top = _two_sample_auc(context, shared, test)
        if auc < VISIBLE_AUC:
            return []
        return [
            tell(
                self,
                severity=Severity.WARNING if auc >= LARGE_AUC else Severity.INFO,
                message=f"Test rows can be told from training rows (area under the ROC curve {auc:.2f}; 0.5 would be "
                f"none), mostly by {names(top)}: of {count(len(shared), 'column')}. Scores measured on training rows "
                "may not carry over.",
                evidence={"auc": auc, "n_columns": len(shared)},
                fix="measure on rows like those to be predicted, or leave out the columns that differ",
            )
        ]


def _distance(here: Column, there: Column) -> tuple[float, float]:
    """Return the distance of the known values (0 … 1) and 1/n + 1/m, infinite where a side has none."""
    a, b = (c.to_object() if isinstance(c, Strings) else c for c in (here, there))
    a, b = a[~is_missing(here)], b[~is_missing(there)]
    if not len(a) or not len(b):
        return 0.0, float("inf")
    weight = 1 / len(a) + 1 / len(b)
    if not isinstance(here, Strings):
        values = np.sort(np.concatenate([a, b]).astype(np.float64))
        sides = (np.searchsorted(np.sort(s.astype(np.float64)), values, side="right") / len(s) for s in (a, b))
        first, second = sides
        return float(np.abs(first - second).max()), weight
    levels, codes = np.unique(np.concatenate([a, b]).astype(str), return_inverse=True)
    if len(levels) > MAX_LEVELS:
        return 0.0, weight
    shares = [np.bincount(c, minlength=len(levels)) / len(c) for c in (codes[: len(a)], codes[len(a) :])]
    # Total variation of k levels is about √(k · weight / 2π) by chance alone; that much is taken off.
    chance = (len(levels) * weight / (2 * np.pi)) ** 0.5
    return max(0.0, float(np.abs(shares[0] - shares[1]).sum() / 2) - chance), weight


def _two_sample_auc(context: AuditContext, shared: list[str], test: Columns) -> tuple[float, list[str]]:
    """Return the held-out AUC of train against test rows, and the columns that tell them apart most."""
    import lightgbm
    from scipy.stats import rankdata

    parts = [_sampled(context.columns, len(context.row_numbers)), _sampled(test, n_rows(test))]
    table = np.column_stack([_numbers(parts[0][n], parts[1][n], context, n) for n in shared])
    side = np.repeat([0, 1], [n_rows(p) for p in parts])
    held = np.random.default_rng([context.brief.seed, 2]).random(len(side)) < 0.5
    settings = {
        "objective": "binary",
        "num_leaves": 8,
        "learning_rate": 0.1,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        "seed": context.brief.seed,
    }
    data = lightgbm.Dataset(table[~held], label=side[~held], params={"verbosity": -1, "max_bin": 63})
    model = lightgbm.train(settings, data, 50)
    ranks = rankdata(np.asarray(model.predict(table[held])))
    positive = side[held] == 1
    n_positive = int(positive.sum())
    auc = (ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * (len(ranks) - n_positive))
    order = np.argsort(-model.feature_importance("gain"))
    return float(auc), [shared[i] for i in order[:3]]


def _sampled(columns: Columns, n: int) -> Columns:
    return take(columns, np.unique(np.linspace(0, n - 1, min(n, JOINT_ROWS)).astype(np.int64)))


def _numbers(here: Column, there: Column, context: AuditContext, name: str) -> np.ndarray:
    """Return both columns as numbers; levels of the training table by frequency, new ones -1."""
    if not isinstance(here, Strings) or not isinstance(there, Strings):
        return np.concatenate([here, there])  # type: ignore[list-item]
    known = coded(context, name)
    order = np.argsort(-known.counts, kind="stable")
    index = {known.values[k]: i for i, k in enumerate(order)}
    both = np.concatenate([c.recode(index, -2) for c in (here, there)]).astype(np.float64)
    return np.where(both == -1, np.nan, both)
