"""From a framed problem to a measured model: train, evaluate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.brief.money import Money
from modelwright.data.columns import Columns, take
from modelwright.data.sampling import sample_rows
from modelwright.documents import digest_of
from modelwright.evaluate.measurements import Evaluation, Fairness
from modelwright.format import measured, plural
from modelwright.frame.problem import Problem
from modelwright.frame.split import Folds
from modelwright.frame.splitting import NEEDS_TIME
from modelwright.govern.fairness.choosing import CHOICES, choice_words
from modelwright.running import Run
from modelwright.steps.fairness import fairness
from modelwright.steps.judged_on import measured_on
from modelwright.steps.membership import membership
from modelwright.steps.mitigating import make_fairer, reserve
from modelwright.steps.pacing import after_seconds, rows_for
from modelwright.steps.privacy import keep_people
from modelwright.steps.settling import final, settle
from modelwright.train.record import Training

if TYPE_CHECKING:
    from modelwright.evaluate.evidence import Evidence
    from modelwright.train.job import Job

__all__ = ["check_rows", "evaluate", "journal_key", "train"]

SEEDS = 4
"""Models of a member whose mean is a version, where time allows: the fifth to eighth gain next to nothing (CatBoost and
LightGBM on eight public tables of 600 to 1,000 rows: the mean of two loses 0.4 % less than one, of four 0.9 %, of six
1.0 %)."""

SEEDS_ROWS = 10_000
"""Beyond so many rows models of several seeds are much alike, and large."""

BASELINE_ROWS = 200_000
"""Most rows that a baseline is fitted on: a constant, one column in a few bins and a line are known as well from these
as from ten million, which take a minute."""

LEAST_BASELINE_ROWS = 5_000
"""That they are fitted on where time is short."""

CHECK_ROWS = 200
"""Real rows on which plan and library are compared before a version exists."""


def _limited(run: Run) -> bool:
    """Return whether the version must be small or quick."""
    limits = run.brief.limits
    return any(x is not None for x in (limits.latency_ms, limits.artefact_bytes, limits.members))


def journal_key(source: str, contract: str, problem: Problem) -> str:
    """Return what trials of an earlier session must have in common with this one to be taken over.

    How optimistic a random split would have been changes no trial, and how much of it is measured depends on the time.
    """
    return digest_of({"source": source, "contract": contract, "problem": digest_of(replace(problem, optimism=None))})


def train(run: Run) -> Training:
    """Train candidates under the deadline, choose the ensemble, refit."""
    from modelwright.train.journal import Journal
    from modelwright.train.training import train as training

    assert run.engine is not None
    key = journal_key(run.digests["source"], run.digests["contract"], run.documents["problem"])
    run.budget.resume(Journal(run.folder, key).spent)  # before anything is planned by the time that is left
    run.after_seconds = after_seconds(run)
    keep_people(run)
    job = _job(run, run.engine.n_workers)
    run.outcome = training(
        job,
        run.engine,
        budget=run.budget,
        after_seconds=run.after_seconds + reserve(run) if run.budget.timed else None,
        limits=run.brief.limits,
        journal_key=key,
        checks=check_rows(run),
        guard=run.guard,
        tell=run.tell,
        only=() if run.start is None else run.start.candidates,
        pace=run.pace,
    )
    notes = run.outcome.document.notes  # a fairer model adds one, which is a decision of its own
    make_fairer(run, job)
    run.end_workers()  # what comes after training is done here, with the memory that they held
    _decide_model(run, notes)
    return run.outcome.document


def _job(run: Run, n_workers: int) -> Job:
    from modelwright.train.job import Job

    problem: Problem = run.documents["problem"]
    return Job(
        columns=run.used(problem.features),
        contract=run.documents["contract"].only(problem.features),
        y=run.y[run.rows],
        objective=problem.objective,
        n_classes=len(problem.classes),
        metric=problem.metric,
        folds=run.folds.folds,
        holdout=run.folds.holdout,
        groups=run.folds.groups,
        order=run.folds.order,
        seed=run.brief.seed,
        run_folder=run.folder,
        memory_bytes=run.guard.limit // n_workers,
        max_train_rows=len(run.rows),
        private=run.privacy is not None and run.privacy.k > 1,
        seeds=SEEDS if len(run.rows) <= SEEDS_ROWS and not _limited(run) else 1,
    )


def _decide_model(run: Run, notes: Sequence[str]) -> None:
    """Write to the ledger what was made of the candidates, and of the time, which the notes say."""
    document = run.outcome.document
    run.decide(
        "train",
        "model",
        ", ".join(f"{m.key} ({m.weight:.0%})" for m in document.members),
        f"greedy selection over the out-of-fold predictions of {plural(len(run.outcome.weights), 'candidate')}",
        decided_by="measurement",
        alternatives=tuple(c.key for c in document.candidates if c.status == "done" and not c.weight),
    )
    run.decide("train", "refit", document.refit, "more rows make better models; the choices stay as they were measured")
    for note in notes:
        run.decide("train", "training size", note, "the time budget")
    if run.budget.timed:
        run.decide(
            "train",
            "time",
            f"{max(run.after_seconds, 0.0):.1f} s are kept for what comes after training, and what the models take "
            "then",
            f"work takes {run.slowness:.1f} times the processor time it needs on this machine as busy as it is",
            decided_by="measurement",
        )


def check_rows(run: Run) -> Columns:
    """Return rows for the parity gate: real ones and hostile ones, the same at every call."""
    from modelwright.package.parity import check_columns

    problem: Problem = run.documents["problem"]
    rows = np.sort(np.random.default_rng([run.brief.seed, 17]).permutation(len(run.rows))[:CHECK_ROWS])
    contract = run.documents["contract"].only(problem.features)
    return check_columns(take(run.used(problem.features), rows), contract, seed=run.brief.seed)


def evaluate(run: Run) -> Evaluation:
    """Measure the ensemble on rows that chose nothing, against the baselines."""
    from modelwright.evaluate.evaluating import evaluate as evaluating

    problem: Problem = run.documents["problem"]
    evidence = run.evidence = gather(run)
    if run.start is not None:
        _keep_judged(run, evidence.prediction)
    evaluation = evaluating(problem, evidence, seed=run.brief.seed, told=Money.of(run.brief))
    evaluation = replace(evaluation, fairness=_groups(run, evidence), membership=membership(run))
    _decide_scores(run, evaluation, evidence)
    return evaluation


def _decide_scores(run: Run, evaluation: Evaluation, evidence: Evidence) -> None:
    """Write to the ledger what the numbers are of, and what was set by them."""
    from modelwright.evaluate import metrics

    if evaluation.fairness is not None:
        asked = run.brief.fairness
        run.decide(
            "evaluate",
            "fairness",
            asked or "not judged",
            choice_words(run.brief, len(run.documents["problem"].classes)),
            decided_by="default" if asked is None else "user",
            alternatives=tuple(name for name in CHOICES if name != asked),
        )
    if run.documents["problem"].classes:
        run.decide(
            "evaluate",
            "calibration",
            evaluation.calibration_note or "none",
            "probabilities that mean what they say, where that lowers the out-of-fold log loss",
            decided_by="measurement",
        )
    by = "user" if run.brief.payoff or run.brief.capacity else "default"
    if evaluation.threshold is not None:
        run.decide("evaluate", "threshold", f"{evaluation.threshold:.3g}", evaluation.threshold_why, decided_by=by)
    elif evidence.decided is not None and evidence.decided.decision is not None:
        run.decide("evaluate", "decision", evidence.decided.decision.kind, evidence.decided.why, decided_by=by)
    head = evaluation.headline
    run.decide(
        "evaluate",
        "headline score",
        f"{metrics.get(head.name).title} {measured(head)}",
        f"measured on {evaluation.measured_on}",
        decided_by="measurement",
        measurement=head,
    )


def _groups(run: Run, evidence: Evidence) -> Fairness | None:
    """Return the tables about groups of people; under a privacy policy without groups of too few."""
    from modelwright.govern.privacy.small import without_small_groups

    found = fairness(run, evidence)
    return found if run.privacy is None else without_small_groups(found, run.privacy.k)


def _keep_judged(run: Run, prediction: np.ndarray) -> None:
    """Keep what models that did not see the judged rows say of them: the champion is asked about the same rows."""
    import io

    from modelwright.documents import write_atomic
    from modelwright.train.starting import JUDGED

    judged, buffer = run.rows[run.folds.holdout], io.BytesIO()
    np.savez(buffer, rows=judged, y=run.y[judged], prediction=prediction)
    write_atomic(run.folder / JUDGED, buffer.getvalue())


def gather(run: Run) -> Evidence:
    """Return the evidence of the run: what was predicted on rows that chose nothing."""
    from modelwright.evaluate.evidence import Evidence

    problem: Problem = run.documents["problem"]
    outcome, y = run.outcome, run.y[run.rows]
    lockbox = run.folds.holdout
    judged = lockbox if len(lockbox) else outcome.rows
    settled = run.settled or settle(run, outcome)
    run.calibrator, run.calibration_note = settled.calibrator, settled.note
    run.decided, run.by_group = settled.decided, settled.by_group
    prediction = settled.judged
    groups = _clusters(run.folds, judged, y, prediction)
    return Evidence(
        y=y[judged],
        prediction=prediction,
        baselines=_baselines(run, judged),
        columns=take(run.used(problem.features), judged),
        contract=run.documents["contract"].only(problem.features),
        groups=groups,
        train_y=y[outcome.train_rows],
        train_prediction=final(run, outcome.train_prediction, outcome.train_rows),
        learning=tuple((p.n_train, p.prediction) for p in outcome.learning),
        n_all=outcome.n_all,
        inflation=1.0 if len(lockbox) else _inflation(problem, run.folds, len(judged)),
        unseen=_unseen(run, y) if len(lockbox) else None,
        candidates=None if len(lockbox) else outcome.oof_candidates,
        select=None if len(lockbox) else _selection(problem, y[outcome.rows], outcome.oof_candidates, run.brief.seed),
        measured_on=measured_on(
            problem,
            len(judged),
            folds=outcome.document.folds_used,
            candidates=len(outcome.weights),
            together=None if groups is None else len(np.unique(groups)),
        ),
        calibration_note=run.calibration_note,
        threshold=settled.threshold,
        threshold_why=settled.decided.why,
        decided=settled.decided,
        unit=run.documents["contract"][problem.target].unit_of_values,
    )


def _clusters(folds: Folds, judged: np.ndarray, y: np.ndarray, prediction: np.ndarray) -> np.ndarray | None:
    """Return which judged rows count as one: those of a group, or of a stretch of time whose errors are alike."""
    from modelwright.evaluate.blocks import time_blocks

    if folds.groups is not None:
        return folds.groups[judged]
    return None if folds.order is None else time_blocks(folds.order[judged], y[judged], prediction)


def _inflation(problem: Problem, folds: Folds, n_judged: int) -> float:
    """Return what models that share training rows do to the variance; known for folds that are drawn at random."""
    from modelwright.evaluate.allowances import shared_training

    if problem.split in NEEDS_TIME:
        return 1.0
    n_train, n_test = (float(np.mean([len(fold[side]) for fold in folds.folds])) for side in (0, 1))
    return shared_training(n_judged, n_train, n_test)


def _unseen(run: Run, y: np.ndarray) -> Any:
    """Return the rows predicted out of fold where the lockbox was drawn as they were; later rows may differ."""
    from modelwright.evaluate.allowances import Unseen

    if run.documents["problem"].split in NEEDS_TIME:
        return None
    rows = run.outcome.rows
    groups = None if run.folds.groups is None else run.folds.groups[rows]
    return Unseen(y[rows], final(run, run.outcome.oof, rows), groups).some(run.brief.seed)


def _selection(problem: Problem, y: np.ndarray, candidates: np.ndarray, seed: int) -> Any:
    """Return the choice of the ensemble as a function of the rows it may see, for the optimism correction."""
    from modelwright.evaluate import metrics
    from modelwright.train.ensemble import greedy_weights

    metric = metrics.get(problem.metric)

    def select(rows: np.ndarray) -> np.ndarray:
        return greedy_weights(metric.loss, y[rows], candidates[:, rows], seed=seed)

    return select


def _baselines(run: Run, judged: np.ndarray) -> dict[str, tuple[str, np.ndarray]]:
    """Fit the baselines on the rows that trained the candidates, and predict the judged rows."""
    problem: Problem = run.documents["problem"]
    contract = run.documents["contract"].only(problem.features)
    columns, y = run.used(problem.features), run.y[run.rows]
    found: dict[str, tuple[str, np.ndarray]] = {}
    for baseline in run.objective.baselines():
        prediction = np.zeros((len(y), max(1, len(problem.classes))))
        for train, valid in _baseline_folds(run, judged):
            predict = baseline.fit(
                take(columns, train),
                contract,
                y[train],
                classes=problem.classes,
                metric=problem.metric,
                seed=run.brief.seed,
            )
            prediction[valid] = predict(take(columns, valid))
        found[baseline.name] = (predict.text, _moved(run, prediction[judged], judged))
    return found


def _moved(run: Run, prediction: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return what a simpler way would say if groups had the same odds of their own: it is held to the same."""
    odds = run.by_group
    return prediction if odds is None else odds(prediction, take(run.used(odds.columns), rows))


def _baseline_folds(run: Run, judged: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the rows baselines are fitted on and judged by: the folds' and the lockbox, or the first repeat."""
    seen = np.zeros(len(run.rows), bool)
    if len(run.folds.holdout):
        for fold in run.folds.folds:
            seen[fold[0]] = seen[fold[1]] = True
        fitted = np.flatnonzero(seen)
        most = rows_for(run, "evaluate", min(len(fitted), BASELINE_ROWS), least=LEAST_BASELINE_ROWS)
        some = sample_rows(len(fitted), most, np.random.default_rng(run.brief.seed))
        return [(fitted[some], judged)]
    chosen = []
    for train, valid in run.folds.folds:
        if seen[valid].any():
            break
        seen[valid] = True
        chosen.append((train, valid))
    return chosen
