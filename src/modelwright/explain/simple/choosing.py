"""Which model on a page: every form and size is fitted on the run's folds, and the shortest of the best is taken."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.evaluate.metrics import Metric
from modelwright.explain.simple.additive import SIZES, fit_additive
from modelwright.explain.simple.documents import SimpleCandidate, SimpleModel
from modelwright.explain.simple.rows import Fit
from modelwright.explain.simple.scoring import predict_simple
from modelwright.explain.simple.tree import DEPTHS, fit_trees

__all__ = ["MOST_ROWS", "Chosen", "choose"]

MOST_ROWS = 3_000
"""Of a fold, to fit on and to judge by: of fifty numbers each is known to a tenth of the spread or better."""

MOST_FINAL_ROWS = 20_000
MOST_CLASSES = 8
"""Beyond, a table with a column for each class is no page; a tree says the class."""

FEWEST_FOLDS, MOST_FOLDS = 2, 5
"""Of the run, that are used."""

SALT = 29

Key = tuple[str, int]
"""A form, and the place among its sizes."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """The model, fitted on all rows that may train; what it was chosen from; and what it says of the judged rows.

    ``judged`` has shape ``(n_rows, n_outputs)``, in the order of the rows that were asked for; NaN where no model of a
    fold has judged the row, for lack of time.
    """

    model: SimpleModel
    candidates: tuple[SimpleCandidate, ...]
    judged: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Which of the rows were judged."""
        return ~np.isnan(self.judged).any(axis=1)


def choose(
    fit: Fit,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    judged: np.ndarray,
    metric: Metric,
    *,
    lockbox: bool,
    seed: int,
    deadline: float,
    most_rows: int = MOST_ROWS,
) -> Chosen | None:
    """Return the model on a page; None where no column may be on it.

    Parameters
    ----------
    fit : Fit
        All rows of the run.
    folds : sequence of (train, valid)
        Of one repeat: no row is judged twice. The first two are always used, the others as far as time allows.
    judged : ndarray of int
        The rows that are reported: the lockbox, or else those of the folds.
    lockbox : bool
        Whether no fold has seen them. Without one the models of the folds predict them.
    deadline : float
        `time.monotonic`.
    most_rows : int
        Of a fold, to fit on and to judge by; the chosen one is fitted on seven times as many.
    """
    import sklearn

    # Half the time of small fits; and fits of classes that are told for sure end without having converged.
    with sklearn.config_context(skip_parameter_validation=True, assume_finite=True), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rng = np.random.default_rng([seed, SALT])
        return _choose(fit, folds, judged, metric, lockbox, rng, deadline, most_rows)


def _choose(
    fit: Fit,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    judged: np.ndarray,
    metric: Metric,
    lockbox: bool,
    rng: np.random.Generator,
    deadline: float,
    most_rows: int,
) -> Chosen | None:
    losses: dict[Key, list[float]] = {}
    models: dict[Key, list[SimpleModel]] = {}
    forms: tuple[str, ...] = ("tree",) if len(fit.classes) > MOST_CLASSES else ("points", "linear", "tree")
    for number, (train, valid) in enumerate(folds[:MOST_FOLDS]):
        if number >= FEWEST_FOLDS and time.monotonic() > deadline:
            break
        some, fitted, began = fit.take(_some(valid, most_rows, rng)), fit.take(_some(train, most_rows, rng)), {}
        for form in forms:
            began[form] = time.monotonic()
            for key, model in _sizes(form, fitted).items():
                losses.setdefault(key, []).append(_loss(metric, model, some))
                models.setdefault(key, []).append(model)
        if not number:
            forms = _affordable(began, deadline - time.monotonic())
    most = max(map(len, losses.values()), default=0)
    whole = {key: np.array(each) for key, each in losses.items() if len(each) == most and np.isfinite(each).all()}
    if not whole:
        return None
    best = _shortest_of_the_best(whole, {key: models[key][0].size for key in whole})
    candidates = {models[key][0]: _candidate(key, whole[key], models[key][0], False) for key in sorted(whole)}
    candidates[models[best][0]] = _candidate(best, whole[best], models[best][0], True)
    training = np.zeros(len(fit.y), bool)
    for fold in folds:
        training[fold[0]] = training[fold[1]] = True
    final_rows = MOST_FINAL_ROWS * most_rows // MOST_ROWS
    model = _again(best, fit.take(_some(np.flatnonzero(training), final_rows, rng)))
    if lockbox:
        return Chosen(model, tuple(candidates.values()), predict_simple(model, fit.take(judged).columns))
    return Chosen(model, tuple(candidates.values()), _out_of_fold(fit, folds, models[best], judged))


def _sizes(form: str, fit: Fit) -> dict[Key, SimpleModel]:
    made = fit_trees(fit) if form == "tree" else fit_additive(form, fit)
    return {(form, place): model for place, model in enumerate(made)}


def _again(best: Key, fit: Fit) -> SimpleModel:
    form, place = best
    (model,) = fit_trees(fit, DEPTHS[place:][:1]) if form == "tree" else fit_additive(form, fit, SIZES[place:][:1])
    return model


def _affordable(began: dict[str, float], left: float) -> tuple[str, ...]:
    """Return the forms that there is time for once more, the quickest first; always one.

    ``began`` says when each form of the first fold did.
    """
    ends = [*list(began.values())[1:], time.monotonic()]
    took = {form: end - start for (form, start), end in zip(began.items(), ends, strict=True)}
    kept: list[str] = []
    for form in sorted(took, key=lambda f: took[f]):
        if not kept or sum(took[f] for f in (*kept, form)) < left:
            kept.append(form)
    return tuple(kept)


def _some(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _loss(metric: Metric, model: SimpleModel, rows: Fit) -> float:
    return float(metric.loss(rows.y, predict_simple(model, rows.columns)))


def _shortest_of_the_best(losses: dict[Key, np.ndarray], sizes: dict[Key, int]) -> Key:
    """Return the one with least to read among those that lose no more to the best than a standard error of that loss
    (Breiman, Friedman, Olshen and Stone 1984, section 3.4.3; paired over the folds)."""
    best = min(losses, key=lambda key: (float(losses[key].mean()), sizes[key]))

    def as_good(key: Key) -> bool:
        lost = losses[key] - losses[best]
        noise = float(lost.std(ddof=1) / np.sqrt(len(lost))) if len(lost) > 1 else 0.0
        return float(lost.mean()) <= noise

    return min((key for key in losses if as_good(key)), key=lambda key: (sizes[key], float(losses[key].mean())))


def _candidate(key: Key, losses: np.ndarray, model: SimpleModel, chosen: bool) -> SimpleCandidate:
    noise = float(losses.std(ddof=1) / np.sqrt(len(losses))) if len(losses) > 1 else 0.0
    return SimpleCandidate(
        form=key[0], columns=len(model.columns), size=model.size, loss=float(losses.mean()), noise=noise, chosen=chosen
    )


def _out_of_fold(
    fit: Fit, folds: Sequence[tuple[np.ndarray, np.ndarray]], models: Sequence[SimpleModel], judged: np.ndarray
) -> np.ndarray:
    """Return what the models of the folds say of the rows that each judged."""
    n_outputs = max(1, len(fit.classes))
    whole = np.full((len(fit.y), n_outputs), np.nan)
    for (_, valid), model in zip(folds, models, strict=False):
        whole[valid] = predict_simple(model, fit.take(valid).columns)
    return whole[judged]
