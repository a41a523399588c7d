"""The part of the evaluation that asks what the model tells of who was trained on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelwright.brief.privacy import MOST_MEMBERSHIP
from modelwright.data.columns import take
from modelwright.evaluate.measurements import Attack, Membership
from modelwright.frame.problem import Problem
from modelwright.frame.splitting import NEEDS_TIME
from modelwright.govern.privacy.membership import attack, losses
from modelwright.running import Run
from modelwright.runtime.plan import Plan
from modelwright.steps.opening import fold_plan
from modelwright.steps.pacing import rows_within

__all__ = ["membership"]

MOST_ROWS, FEWEST_ROWS = 2_000, 400
"""Rows on each side: the interval of the area is then some 0.02 wide, 0.05 where time is short."""

ATTACK_SHARE = 0.2
"""Of what is left of the budget."""

MOST_FOLDS = 3
"""Models that are opened: the first fold's, which are attacked, and two that tell how hard rows are."""

Loss = Callable[[np.ndarray], np.ndarray]


def membership(run: Run) -> Membership | None:
    """Return how well attacks on the models of the first fold do, None where nobody asked."""
    asked = run.brief.membership_auc
    if asked is None and (run.privacy is None or not run.privacy.policy):
        return None
    problem: Problem = run.documents["problem"]
    rng = np.random.default_rng([run.brief.seed, 29])
    n_folds = min(MOST_FOLDS, len(run.outcome.fold_members))
    loss_of = {fold: _loss(run, fold_plan(run, fold)) for fold in range(n_folds)}
    most = rows_within(run, ATTACK_SHARE * run.budget.left / (2 * n_folds), least=FEWEST_ROWS, most=MOST_ROWS)
    seen, unseen = _sides(run, rng, most)
    own = {"seen": loss_of[0](seen), "unseen": loss_of[0](unseen)}
    tried: list[Attack | str] = [attack("loss", -own["seen"], -own["unseen"], seed=run.brief.seed)]
    tried.append(_calibrated(run, loss_of, seen, unseen, own))
    notes = [note for note in tried if isinstance(note, str)]
    if problem.split in NEEDS_TIME:
        notes.append("rows that were not trained on are later ones: part of what is told may be the time")
    return Membership(
        attacks=tuple(a for a in tried if isinstance(a, Attack)),
        most=MOST_MEMBERSHIP if asked is None else asked,
        asked=asked is not None,
        notes=tuple(dict.fromkeys(notes)),
    )


def _sides(run: Run, rng: np.random.Generator, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows that the first fold's models were fitted on, and rows that they were not, the lockbox's first."""
    seen = np.asarray(run.outcome.train_rows)
    lockbox, valid = run.folds.holdout, run.folds.folds[0][1]
    others = np.concatenate([rng.permutation(lockbox), rng.permutation(np.setdiff1d(valid, lockbox))])
    return rng.permutation(seen)[:most], others[:most].astype(np.intp)


def _loss(run: Run, plan: Plan) -> Loss:
    columns, y = run.used(plan.contract.names), run.y[run.rows]
    n_classes = len(run.documents["problem"].classes)
    return lambda rows: losses(y[rows], plan.predict(take(columns, rows)), n_classes)


def _calibrated(
    run: Run, loss_of: dict[int, Loss], seen: np.ndarray, unseen: np.ndarray, own: dict[str, np.ndarray]
) -> Attack | str:
    """Attack with the loss of a model of another fold taken off, which was fitted on neither kind of row."""
    if len(loss_of) < 2 or not len(run.folds.holdout):
        why = "there are models of one fold only" if len(run.folds.holdout) else "there is no lockbox"
        return f"{why}, so that no row is unknown to two models: the calibrated attack is not measured"
    fold_of = np.zeros(len(run.rows), dtype=np.intp)
    for fold in range(1, len(loss_of)):
        fold_of[run.folds.folds[fold][1]] = fold
    known = np.isin(unseen, run.folds.holdout)
    spread = np.arange(len(unseen)) % (len(loss_of) - 1) + 1
    members, others = fold_of[seen], np.where(known, spread, 0)
    scores = (_gap(loss_of, seen, members, own["seen"]), _gap(loss_of, unseen, others, own["unseen"]))
    return attack("calibrated loss", *scores, seed=run.brief.seed)


def _gap(loss_of: dict[int, Loss], rows: np.ndarray, fold: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return by how much the loss of the reference model is higher, for rows that have one."""
    gaps = [loss_of[f](rows[fold == f]) - own[fold == f] for f in loss_of if f and (fold == f).any()]
    return np.concatenate(gaps) if gaps else np.empty(0)
