"""`Classifier` and `Regressor`: the engine under scikit-learn's conventions.

They take frames with mixed kinds as they are. Whoever calls ``fit`` has chosen the columns and keeps rows of their own
to test on, so there is no audit and no lockbox here; `modelwright.run` does the whole job.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d, validate_data

from modelwright.brief import Brief, Limits
from modelwright.data.columns import Columns, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.readers.values import complex_numbers
from modelwright.errors import DataError
from modelwright.format import joined, plural
from modelwright.frame.problem import Problem, SplitKind
from modelwright.running import quietly

__all__ = ["Classifier", "Regressor"]

N_FOLDS = 5
SMALL_CELLS = 20_000  # a worker takes two seconds to start, which no audit hides here as it does in a run
AFTER_S = 0.5


class _Estimator(BaseEstimator):
    """What both share. Parameters are documented in the subclasses."""

    _objective: str

    def __init__(
        self,
        *,
        budget: str | float = "1m",
        metric: str | None = None,
        seed: int = 0,
        trials: int | None = None,
        memory: str | int | None = None,
    ) -> None:
        self.budget = budget
        self.metric = metric
        self.seed = seed
        self.trials = trials
        self.memory = memory

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _fit(self, X: Any, y: np.ndarray, classes: tuple[str, ...]) -> None:
        from modelwright import objectives
        from modelwright.frame.metric import choose_metric
        from modelwright.frame.split import make_folds
        from modelwright.train.budget import Budget
        from modelwright.train.memory import MemoryGuard

        asked = {"budget": self.budget, "trials": self.trials, "memory": self.memory, "metric": self.metric}
        seed = int(self.seed) if isinstance(self.seed, np.integer) else self.seed
        brief = Brief().merged(**asked, seed=seed)
        limits = brief.limits
        budget = Budget(limits.budget_s, timed=limits.trials is None)
        table, contract = self._understood(X)
        columns, _ = _canonical(table, contract)
        metric = choose_metric(objectives.get(self._objective), y, classes, brief).value
        problem = _problem(self._objective, metric, contract, len(y), y, classes)
        folds = make_folds(problem, y, columns, brief.seed)
        with tempfile.TemporaryDirectory(prefix="modelwright-") as folder:
            guard = MemoryGuard(limits.memory_bytes)
            with quietly():
                self._learn(columns, contract, y, problem, folds.folds, Path(folder), budget, limits, guard)
        self.contract_ = contract

    def _learn(
        self,
        columns: Columns,
        contract: Contract,
        y: np.ndarray,
        problem: Problem,
        folds: Any,
        folder: Path,
        budget: Any,
        limits: Limits,
        guard: Any,
    ) -> None:
        from modelwright.engines.local import InlineEngine, ProcessEngine, n_cores
        from modelwright.package.assembling import assemble
        from modelwright.train.job import Job
        from modelwright.train.training import train

        job = Job(
            columns=columns,
            contract=contract,
            y=y,
            objective=problem.objective,
            n_classes=len(problem.classes),
            metric=problem.metric,
            folds=folds,
            holdout=np.array([], int),
            groups=None,
            order=None,
            seed=int(self.seed),  # checked when the brief was made
            run_folder=folder,
            memory_bytes=guard.limit // n_cores(),
            max_train_rows=len(y),
            folds_report=False,
        )
        engine = InlineEngine() if len(y) * len(columns) <= SMALL_CELLS else ProcessEngine()
        try:
            outcome = train(
                job,
                engine,
                budget=budget,
                after_seconds=AFTER_S if limits.trials is None else None,
                limits=limits,
                journal_key="fit",
                checks=take(columns, np.arange(min(10, len(y)))),
                guard=guard,
                tell=lambda done, total, text: None,
            )
        finally:
            engine.close()
        facts = {
            "contract": contract,
            "objective": problem.objective,
            "classes": problem.classes,
            "calibrator": None,
            "threshold": None,
        }
        self.plan_ = assemble(outcome.members, facts)
        self.training_ = outcome.document

    def _understood(self, X: Any) -> tuple[Any, Contract]:
        """Return the table as the contract reads it, and the contract."""
        if _is_frame(X):
            from modelwright.data.kinds import infer_contract
            from modelwright.data.reading import read_table

            validate_data(self, X, skip_check_array=True)
            table, _ = read_table(X)
            return table, infer_contract(table)
        X = validate_data(self, X, dtype=None, ensure_all_finite=False, accept_sparse=False)
        return self._matrix(X), _matrix_contract(X)

    def _matrix(self, X: np.ndarray) -> dict[str, np.ndarray]:
        return {f"x{i}": X[:, i] for i in range(X.shape[1])}

    def _predict(self, X: Any) -> np.ndarray:
        X = _as_frame(X)
        if _is_frame(X):
            from modelwright.data.reading import read_table

            validate_data(self, X, reset=False, skip_check_array=True)
            table, _ = read_table(X)
        else:
            X = validate_data(self, X, reset=False, dtype=None, ensure_all_finite=False, accept_sparse=False)
            table = self._matrix(X)
        columns, _ = _canonical(table, self.plan_.contract)
        return self.plan_.predict(columns)


def _is_frame(X: Any) -> bool:
    return hasattr(X, "columns") and hasattr(X, "shape")


def _as_frame(X: Any) -> Any:
    """Return a frame that holds its rows, other tables as they are; raises DataError where names are not its own."""
    if type(X).__name__ == "LazyFrame" and type(X).__module__.split(".")[0] == "polars":
        X = X.collect()
    if _is_frame(X) and (twice := [n for n, k in Counter(map(str, X.columns)).items() if k > 1]):
        raise DataError(
            f"{plural(len(twice), 'column name')} {'is' if len(twice) == 1 else 'are'} there more than once: "
            + joined(f"'{n}'" for n in twice),
            fix="give every column a name of its own",
            code="MW-D196",
        )
    return X


def _canonical(table: Any, contract: Contract) -> Any:
    from modelwright.data.canonical import canonicalise

    return canonicalise(table, contract, required=contract.names)


def _matrix_contract(X: np.ndarray) -> Contract:
    """Return the contract of a plain array: numbers where it holds numbers, else inferred."""
    names = [f"x{i}" for i in range(X.shape[1])]
    if X.dtype.kind in "biuf":
        check_array(X, ensure_all_finite="allow-nan")
        specs = (ColumnSpec(name=n, kind=Kind.NUMBER, why="an array of numbers", storage="double") for n in names)
        return Contract(columns=tuple(specs), rows_seen=len(X))
    if X.dtype.kind == "c":
        raise complex_numbers()
    import pyarrow as pa

    from modelwright.data.kinds import infer_contract
    from modelwright.data.reading import read_table

    columns = {}
    for name, values in zip(names, X.T, strict=True):
        try:
            columns[name] = pa.array(values.astype(float))
        except (TypeError, ValueError):
            columns[name] = pa.array([None if v is None else str(v) for v in values])
    table, _ = read_table(pa.table(columns))
    return infer_contract(table)


def _problem(
    objective: str, metric: str, contract: Contract, n_rows: int, y: np.ndarray, classes: tuple[str, ...]
) -> Problem:
    rarest = int(np.bincount(y.astype(int)).min()) if classes else n_rows
    folds = int(np.clip(min(rarest, n_rows // 2) if classes else n_rows // 2, 2, N_FOLDS))
    return Problem(
        objective=objective,
        target="",
        classes=classes,
        metric=metric,
        split=SplitKind.STRATIFIED if classes else SplitKind.RANDOM,
        group=None,
        time=None,
        n_folds=folds,
        n_repeats=1,
        holdout=0.0,
        features=contract.names,
        n_rows=n_rows,
        choices=(),
    )


class Classifier(ClassifierMixin, _Estimator):
    """The best classifier of the budget.

    Parameters
    ----------
    budget : str or float
        Wall time of ``fit``: ``"1m"``, ``"90s"``, seconds.
    metric : str or None
        Name in `modelwright.evaluate.metrics`; None: by the classes.
    seed : int
    trials : int or None
        Count fits instead of time, for the same result on every run.
    memory : str, int or None
        Most memory: ``"4GB"``.

    Attributes
    ----------
    classes_ : ndarray
    plan_ : Plan
        The scoring plan.
    training_ : Training
        Candidates, their out-of-fold scores and weights.
    contract_ : Contract
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import modelwright as mw
    >>> model = mw.Classifier(budget="1m").fit(X, y)  # doctest: +SKIP
    >>> model.predict_proba(X)  # doctest: +SKIP
    """

    _objective = "classify"

    def fit(self, X: Any, y: Any) -> Classifier:
        """Fit on all rows.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_rows, n_columns)
        y : array-like, shape (n_rows,)

        Raises
        ------
        ValueError
            One class only, or rows that do not match.
        """
        X, y = _rows(self, X, y)
        if y.dtype.kind == "O" and len({isinstance(v, str) for v in y}) > 1:
            raise DataError(
                "the target mixes texts and other types",
                fix="give all classes as texts, for example with y.astype(str)",
                code="MW-D194",
            )
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(
                f"the target has one class only ({len(y)} rows): a classifier needs two",
                fix="give rows of at least two classes",
                code="MW-D192",
            )
        self._fit(X, codes.astype(float), tuple(str(c) for c in self.classes_))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities, shape ``(n_rows, n_classes)``, in the order of ``classes_``."""
        check_is_fitted(self, "plan_")
        return self._predict(X)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row."""
        check_is_fitted(self, "plan_")
        return self.classes_[np.argmax(self._predict(X), axis=1)]


class Regressor(RegressorMixin, _Estimator):
    """The best regressor of the budget. Parameters and attributes are those of `Classifier`, without classes."""

    _objective = "regress"

    def fit(self, X: Any, y: Any) -> Regressor:
        """Fit on all rows.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_rows, n_columns)
        y : array-like of numbers, shape (n_rows,)

        Raises
        ------
        ValueError
            Missing or infinite targets, or rows that do not match.
        """
        X, y = _rows(self, X, y)
        values = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        self._fit(X, values, ())
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return predicted values, shape ``(n_rows,)``."""
        check_is_fitted(self, "plan_")
        return self._predict(X)[:, 0]


def _rows(estimator: _Estimator, X: Any, y: Any) -> tuple[Any, np.ndarray]:
    """Check that X and y belong together."""
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target y is None."
        )
    X = _as_frame(X)
    if not _is_frame(X):
        X = check_array(X, dtype=None, ensure_all_finite=False, ensure_min_samples=2, estimator=estimator)
    y = column_or_1d(y, warn=True)
    if len(y) != X.shape[0]:
        raise ValueError(f"Found input variables with inconsistent numbers of samples: {[X.shape[0], len(y)]}")
    if len(y) < 2:
        raise ValueError(f"Found array with {len(y)} sample(s) while a minimum of 2 is required.")
    unusable = _n_unusable(y)
    if unusable:
        raise DataError(
            f"Input y contains NaN or infinity: {unusable} of {len(y)} targets are missing or infinite",
            fix="leave those rows out",
            code="MW-D195",
        )
    return X, y


def _n_unusable(y: np.ndarray) -> int:
    if y.dtype.kind == "f":
        return int((~np.isfinite(y)).sum())
    if y.dtype.kind == "O":
        import pandas as pd

        return int(pd.isna(y).sum())
    return 0
