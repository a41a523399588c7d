"""What the document of the training stage says of the candidates, or the error where there is none."""

from __future__ import annotations

import numpy as np

from modelwright.errors import TrainingError
from modelwright.evaluate import metrics
from modelwright.objectives.baselines.centres import constant_of
from modelwright.train.frontier import Point
from modelwright.train.job import Job
from modelwright.train.planning import Plan
from modelwright.train.record import Alternative, Candidate, CandidateResult, Member
from modelwright.train.running import Running

__all__ = ["alternative", "fold_constants", "nothing_finished", "results"]


def results(
    running: list[Running], plan: Plan, metric: metrics.Metric, job: Job, weights: np.ndarray, done: list[Running]
) -> tuple[CandidateResult, ...]:
    """Return what became of every candidate: those that are done first, the best before the others."""
    weight_of = {r.candidate.key: float(w) for r, w in zip(done, weights, strict=True)}
    found = []
    for r in running:
        scores = tuple(float(metric(job.y[job.folds[f][1]], r.results[f]["valid"])) for f in sorted(r.results))
        finite = [s for s in scores if np.isfinite(s)]
        rounds = [line.iterations for line in r.lines.values() if line.iterations is not None]
        found.append(
            CandidateResult(
                key=r.candidate.key,
                learner=r.candidate.learner,
                view=r.candidate.view,
                status=r.status,
                reason=r.reason or next((line.note for line in r.lines.values() if line.note), ""),
                score=float(np.mean(finite)) if finite else None,
                fold_scores=tuple(finite),
                seconds=r.seconds,
                iterations=int(np.median(rounds)) if rounds else None,
                weight=weight_of.get(r.candidate.key, 0.0),
            )
        )
    sign = -1 if metric.greater_is_better else 1
    found.sort(key=lambda c: (c.status != "done", sign * c.score if c.score is not None else np.inf))
    left_out = tuple(_left_out(candidate, reason) for candidate, reason in plan.left_out)
    return tuple(found) + left_out


def fold_constants(job: Job, metric: metrics.Metric, folds: int) -> tuple[float, ...]:
    """Return what a constant scores on each of the folds: some are harder than others, and later rows may be."""
    found = []
    for train, valid in job.folds[:folds]:
        constant = constant_of(job.y[train], job.metric, job.n_outputs)
        found.append(float(metric(job.y[valid], np.tile(constant, (len(valid), 1)))))
    return tuple(found)


def _left_out(candidate: Candidate, reason: str) -> CandidateResult:
    return CandidateResult(
        key=candidate.key, learner=candidate.learner, view=candidate.view, status="skipped", reason=reason
    )


def nothing_finished(running: list[Running], seconds: float | None) -> TrainingError:
    """Return why there is no model; ``seconds`` were left for training."""
    failed = next((r for r in running if r.status == "failed"), None)
    if failed is not None:
        return TrainingError(
            f"every candidate failed; the first, {failed.candidate.key}, with: {failed.reason}",
            fix="look at the journal of the run, and drop or correct the columns it names",
            code="MW-T003",
        )
    return TrainingError(
        f"no candidate finished in the {max(0.0, seconds or 0.0):.0f} s that were left for training",
        fix="give a larger --budget, or fewer rows or columns",
        code="MW-T004",
    )


def alternative(metric: metrics.Metric, point: Point, done: list[Running], chosen: bool) -> Alternative:
    """Return an ensemble that could be chosen, in the words of the document."""
    return Alternative(
        members=tuple(
            Member(key=r.candidate.key, weight=float(w)) for r, w in zip(done, point.weights, strict=True) if w
        ),
        score=1.0 - point.loss if metric.greater_is_better else point.loss,
        noise=point.noise,
        milliseconds=point.costs.milliseconds,
        megabytes=point.costs.size / 1e6,
        chosen=chosen,
    )
