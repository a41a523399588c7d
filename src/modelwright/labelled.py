"""Rows of a file that has the target, as a version reads them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright.errors import DataError, UsageError, did_you_mean
from modelwright.format import plural
from modelwright.project import Project

if TYPE_CHECKING:
    import numpy as np

    from modelwright.brief import Brief
    from modelwright.data.columns import Columns
    from modelwright.data.contract import Contract
    from modelwright.package.bundle import Version

__all__ = ["FEWEST_ROWS", "Labelled", "labelled"]

FEWEST_ROWS = 30
"""Rows with a target: below, intervals that rest on a normal approximation do not hold."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows with the truth.

    Attributes
    ----------
    columns : Columns
        Those that the version reads.
    y : ndarray of float64, shape (n_rows,)
        Class numbers of the version, or values.
    contract : Contract
        Of the run, with the target.
    brief : Brief
        Of the run.
    folder : Path
        Of the run.
    seen : bool
        Whether they are of the very file that the run learned from: what is measured on them flatters the version.
    """

    columns: Columns
    y: np.ndarray
    contract: Contract
    brief: Brief
    folder: Path
    seen: bool = False

    def words(self, n: int) -> str:
        """Return what was measured on, where it was on ``n`` of these rows."""
        return f"{n:,} rows of {'the file that the version learned from, which flatters it' if self.seen else 'a file'}"


def labelled(project: Project, version: Version, source: Any, *, query: str | None = None) -> Labelled:
    """Return those rows of a source whose truth is known, and is one that the version knows.

    Raises
    ------
    UsageError
        The source has no target (MW-U101).
    DataError
        Too few rows of it have one (MW-D660).
    """
    import numpy as np

    from modelwright import documents, objectives
    from modelwright.brief import Brief
    from modelwright.data.canonical import canonicalise
    from modelwright.data.columns import take
    from modelwright.data.contract import Contract
    from modelwright.data.taking import as_table

    folder = project.run_folder(project.made_by(version.manifest.version))
    plan, target = version.plan, version.manifest.target
    table = as_table(source, query=query)
    if target not in table.column_names:
        raise UsageError(
            f"column '{target}' is not in the table ({plural(len(table.column_names), 'column')})",
            fix=did_you_mean(target, table.column_names),
            code="MW-U101",
        )
    contract = documents.load(folder / "contract.json", Contract)
    brief = documents.load(folder / "brief.json", Brief)
    columns, _ = canonicalise(table, plan.contract, required=plan.contract.names)
    truth, _ = canonicalise(table, contract.only([target]), required=[target])
    y, classes = objectives.get(plan.objective).encode(truth[target], contract[target], brief)
    y = _in_terms_of(y, classes, plan.classes)
    known = np.flatnonzero(~np.isnan(y))
    if len(known) < FEWEST_ROWS:
        raise DataError(
            f"{len(known)} rows have a value of '{target}' that the model knows",
            fix=f"give at least {FEWEST_ROWS} rows with the truth",
            code="MW-D660",
        )
    return Labelled(take(columns, known), y[known], contract, brief, folder, seen=_is_of_run(source, folder))


def _is_of_run(source: Any, folder: Path) -> bool:
    """Return whether a source is the file that a run has read, wherever it lies now and whatever it is called."""
    from modelwright import documents
    from modelwright.data.source import Source

    path = Path(source) if isinstance(source, str | Path) else None
    if path is None or not path.is_file() or not (folder / "source.json").is_file():
        return False
    read = documents.load(folder / "source.json", Source)
    return path.stat().st_size == read.n_bytes and documents.digest_file(path) == read.digest


def _in_terms_of(y: np.ndarray, classes: tuple[str, ...], known: tuple[str, ...]) -> np.ndarray:
    """Return class numbers of the version; rows of classes that it does not know are NaN."""
    import numpy as np

    if not known or classes == known:
        return y
    numbers = np.array([known.index(c) if c in known else np.nan for c in classes] + [np.nan])
    return numbers[np.where(np.isnan(y), len(classes), y).astype(int)]
