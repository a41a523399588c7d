"""What a run knows of one column: whether the model uses it, as what, what was found in it, and how much it matters."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from modelwright import documents
from modelwright.audit.findings import Audit
from modelwright.data.contract import ColumnSpec, Contract
from modelwright.evaluate.measurements import Measurement
from modelwright.explain.reasons import Explanation
from modelwright.frame.problem import Problem
from modelwright.ledger import Decision

__all__ = ["column_facts", "columns_of"]

D = TypeVar("D")


def columns_of(run: Path) -> tuple[str, ...]:
    """Return the names of the columns that a run has read; none where it did not come as far."""
    contract = _document(run, Contract)
    return () if contract is None else contract.names


def column_facts(run: Path, name: str) -> tuple[Decision, ...]:
    """Return what a run knows of a column, as decisions: its use, its findings, its importance.

    Parameters
    ----------
    run : Path
        Folder of the run; what it has not come to is left out.
    name : str

    Raises
    ------
    ProjectError
        A document of the run is damaged.
    """
    contract = _document(run, Contract)
    if contract is None or name not in contract.names:
        return ()
    told = [_use(contract[name], _document(run, Problem))]
    audit = _document(run, Audit)
    for finding in () if audit is None else audit.findings:
        if name in finding.columns:
            question = f"{finding.title}: '{name}'"
            told.append(_told("audit", question, finding.done, finding.message, decided_by=finding.code))
    explanation = _document(run, Explanation)
    ranked = () if explanation is None else explanation.importances
    for rank, importance in enumerate(ranked, 1):
        if importance.column == name:
            told.append(_importance(rank, len(ranked), importance.drop, name))
    return tuple(told)


def _use(spec: ColumnSpec, problem: Problem | None) -> Decision:
    read = f"read as {spec.kind.value}"
    if problem is None:
        use = "the run did not come as far as its use"
    elif spec.name == problem.target:
        use = "the target"
    elif spec.name in problem.features:
        use = "used by the model"
    else:
        use = "not used by the model"
    splits = problem is not None and spec.name in (problem.group, *problem.clock)
    choice = f"{use}{', and by the split' if splits else ''}; {read}"
    return _told("understand", f"column '{spec.name}'", choice, spec.why)


def _importance(rank: int, n: int, drop: Measurement, name: str) -> Decision:
    from modelwright.evaluate import metrics
    from modelwright.format import measured

    title = metrics.get(drop.name).title
    choice = f"number {rank} of {n}: shuffled, {title} is worse by {measured(drop)}"
    return Decision(
        stage="explain", question=f"importance of '{name}'", choice=choice, decided_by="measurement",
        why=f"on {drop.n:,} rows that trained nothing; {drop.method}", measurement=drop,
    )  # fmt: skip


def _told(stage: str, question: str, choice: str, why: str, decided_by: str = "default") -> Decision:
    return Decision(stage=stage, question=question, choice=choice, why=why, decided_by=decided_by)


def _document(run: Path, kind: type[D]) -> D | None:
    path = run / f"{kind.__name__.lower()}.json"
    return documents.load(path, kind) if path.is_file() else None
