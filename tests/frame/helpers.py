"""A small audited table to frame."""

from types import SimpleNamespace

import numpy as np

from modelwright.audit.acting import PARTS
from modelwright.audit.findings import Action, Audit, Finding, Severity
from modelwright.brief import Brief
from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.frame.framing import frame
from modelwright.frame.problem import Choice, Problem, SplitKind


def table(n=3000, seed=0):
    rng = np.random.default_rng(seed)
    columns = {
        "x": rng.normal(size=n),
        "day": 1.6e9 + 86400.0 * rng.integers(0, 300, n),
        "patient": Strings.from_values([f"p{i}" for i in rng.integers(0, n // 10, n)]),
        "one": np.ones(n),
        "words": Strings.from_values(["free text"] * n),
        "y": (rng.random(n) < 0.3).astype(float),
    }
    kinds = (Kind.NUMBER, Kind.DATETIME, Kind.ID, Kind.CONSTANT, Kind.TEXT, Kind.NUMBER)
    specs = tuple(ColumnSpec(name=name, kind=kind) for name, kind in zip(columns, kinds))
    return columns, Contract(columns=specs, rows_seen=n)


def finding(code, action, *columns):
    return Finding(
        code=code,
        title="a title",
        severity=Severity.WARNING,
        columns=columns,
        message="Rows hang together: 12 % of them.",
        evidence={},
        action=action,
        done="",
        fix="",
    )


def framed(columns, contract, y=None, objective="classify", findings=(), dropped=None, **brief):
    y = columns["y"] if y is None else np.asarray(y, dtype=float)
    asked = {f.action: f.columns[0] for f in findings if len(f.columns) == 1}
    parts = next((f.columns for f in findings if PARTS in f.evidence), ())
    applied = SimpleNamespace(
        dropped=dropped or {}, group=asked.get(Action.GROUP), time=asked.get(Action.TIME), time_parts=parts
    )
    audit = Audit(findings=tuple(findings), outcomes=(), n_rows=len(y), n_rows_examined=len(y))
    chosen = Choice(question="objective", value=objective, alternatives=(), decided_by="default", why="said so")
    classes = ("no", "yes") if objective == "classify" else ()
    if objective == "classify" and y.max() > 1:
        classes = tuple(f"c{i}" for i in range(int(y.max()) + 1))
    given = Brief(**{"target": "y", **brief})
    return frame(given, contract, columns, y, classes, audit, applied, chosen)


def choice(problem, question) -> Choice:
    return next(c for c in problem.choices if c.question == question)


def problem_of(kind, n=0, **changes):
    settings = {
        "objective": "classify",
        "target": "y",
        "classes": ("no", "yes"),
        "metric": "roc_auc",
        "split": SplitKind(kind),
        "group": "g" if "group" in kind else None,
        "time": "t" if "time" in kind else None,
        "n_folds": 5,
        "n_repeats": 1,
        "holdout": 0.2,
        "features": (),
        "n_rows": n,
        "choices": (),
    }
    return Problem(**{**settings, **changes})


__all__ = ["Action", "choice", "finding", "framed", "problem_of", "table"]
