"""The summary for machines: what the report says, as one JSON-ready dictionary."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from modelwright.documents import to_builtins
from modelwright.evaluate.measurements import Cases, Evaluation, Measurement
from modelwright.report.inputs import AuditInput, ReportInput

__all__ = ["audit_json", "render_json"]

# Raised when a field changes its meaning or goes away.
SUMMARY_FORMAT = 1


def render_json(r: ReportInput) -> dict[str, Any]:
    """Return the summary. Keys are stable within a ``format``; numbers are plain, None where not defined."""
    return {
        "format": SUMMARY_FORMAT,
        "project": r.project,
        "run": r.run,
        "created_at": r.created_at,
        "version": to_builtins(r.version),
        "verdict": {
            "answer": r.verdict.answer,
            "ships": r.verdict.ships,
            "summary": r.verdict.summary,
            "gates": to_builtins(r.verdict.gates),
            "reasons": to_builtins(r.verdict.reasons),
        },
        "score": score(r.evaluation.headline),
        "evaluation": _evaluation(r.evaluation),
        "test": _evaluation(r.test_evaluation) if r.test_evaluation else None,
        "problem": {
            "objective": r.problem.objective,
            "target": r.problem.target,
            "classes": list(r.problem.classes),
            "metric": r.problem.metric,
            "split": r.problem.split.value,
            "holdout": r.problem.holdout,
            "folds": r.problem.n_folds,
            "repeats": r.problem.n_repeats,
            "features": list(r.problem.features),
            "rows": r.problem.n_rows,
        },
        "source": to_builtins(r.source),
        "findings": findings(r),
        "training": {
            "members": {m.key: m.weight for m in r.training.members},
            "candidates": [
                {"key": c.key, "status": c.status, "score": c.score, "seconds": c.seconds, "reason": c.reason}
                for c in r.training.candidates
            ],
            "score": r.training.ensemble_score,
            "resumed_trials": r.training.resumed_trials,
        },
        "importances": {i.column: score(i.drop) for i in r.explanation.importances},
        "decisions": to_builtins(r.decisions),
        "cost": {"wall_s": r.wall_s, "training_s": r.training.seconds, "peak_memory_bytes": r.peak_memory_bytes},
        "software": dict(r.software),
        "digests": dict(r.digests),
    }


def audit_json(a: AuditInput) -> dict[str, Any]:
    """Return an audit alone: its findings and what every rule answered."""
    return {
        "format": SUMMARY_FORMAT,
        "source": to_builtins(a.source),
        "target": a.brief.target,
        "rows": a.audit.n_rows,
        "rows_examined": a.audit.n_rows_examined,
        "findings": findings(a),
        "rules": to_builtins(a.audit.outcomes),
        "wall_s": a.wall_s,
    }


def score(m: Measurement) -> dict[str, Any]:
    """Return a measurement as ``{"metric", "value", "low", "high", "n", …}``."""
    return {
        "metric": m.name,
        "value": m.value,
        "low": m.low,
        "high": m.high,
        "level": m.level,
        "n": m.n,
        "method": m.method,
        "unit": m.unit,
        "greater_is_better": m.greater_is_better,
    }


def findings(r: ReportInput | AuditInput) -> list[dict[str, Any]]:
    """Return the findings, each with ``code``, ``columns``, ``severity`` and ``action``."""
    return to_builtins(r.audit.findings)


def _cases(c: Cases) -> dict[str, Any]:
    """Return what was counted, measurements as everywhere in the summary."""
    parts = {field.name: getattr(c, field.name) for field in fields(c)}
    return {name: score(part) if isinstance(part, Measurement) else part for name, part in parts.items()}


def _evaluation(e: Evaluation) -> dict[str, Any]:
    return {
        "measured_on": e.measured_on,
        "metrics": {m.name: score(m) for m in e.metrics},
        "baselines": {
            c.name: {"score": score(c.score), "gain": score(c.gain), "better": c.better} for c in e.comparisons
        },
        "train_score": score(e.train_score) if e.train_score else None,
        "fit": e.fit_verdict,
        "threshold": e.threshold,
        "slices": [
            {
                "column": s.column,
                "value": s.value,
                "score": score(s.score),
                "gap": s.gap,
                "worse": s.worse,
                "judgement": s.judgement,
                "added": score(s.added) if s.added else None,
                "same_rows": list(s.same_rows),
            }
            for s in e.slices
        ],
        "cases": _cases(e.cases) if e.cases else None,
        "value_per_row": score(e.value_per_row) if e.value_per_row else None,
    }
