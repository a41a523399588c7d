"""The audit on its own: the first stages of the lifecycle, without a project."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright.audit.findings import Audit
from modelwright.brief import Brief
from modelwright.data.contract import Contract
from modelwright.data.profile import Profile
from modelwright.data.source import Source
from modelwright.errors import DataError
from modelwright.lifecycle import STAGES, Listener, Silent
from modelwright.running import Run, quietly

__all__ = ["Audited", "audit_only"]


@dataclass(frozen=True, kw_only=True)
class Audited:
    """The documents of an audit."""

    brief: Brief
    source: Source
    contract: Contract
    profile: Profile
    audit: Audit


def audit_only(
    brief: Brief,
    *,
    data: Any = None,
    test: Any = None,
    listener: Listener | None = None,
    fix: str | Path | None = None,
    script: str | Path | None = None,
) -> Audited:
    """Read, understand, profile and audit; nothing is written but what is asked for.

    Parameters
    ----------
    fix : str, Path or None
        File for the repaired table: read by the contract, without what findings drop; ``.parquet``, ``.csv``, ….
    script : str, Path or None
        File for a script that makes the same from the source, with pandas alone. It writes to ``fix``, or to
        ``repaired.parquet``.

    Raises
    ------
    ModelwrightError
        The data cannot be read, or the brief names columns it does not have; or the table is too large to be
        repaired in memory (MW-D602), or a script cannot read such a source (MW-U014) or write such a file (MW-U013).
    """
    from modelwright import steps

    told = listener or Silent()
    with Run(brief, data=data, test=test, started=time.monotonic(), listener=told, trains=False) as run:
        for stage in STAGES:
            told.stage(stage.title)
            with quietly():
                run.keep(stage, getattr(steps, stage.name)(run))
            if stage.name == "audit":
                break
        _repair(run, fix, script)
        kept = {name: run.documents[name] for name in ("brief", "source", "contract", "profile", "audit")}
        return Audited(**kept)


def _repair(run: Run, fix: str | Path | None, script: str | Path | None) -> None:
    """Write the repaired table and the script, both or neither."""
    if fix is None and script is None:
        return
    from modelwright.audit.repairing.plan import plan_repairs
    from modelwright.audit.repairing.script import pandas_script
    from modelwright.audit.repairing.table import repaired_table
    from modelwright.data.writing import check_place, check_writable, write_tables
    from modelwright.documents import write_atomic

    source: Source = run.documents["source"]
    if source.n_rows_read < source.n_rows:
        raise DataError(
            f"'{source.location}' does not fit in memory ({source.n_rows:,} rows): it was judged by a sample",
            fix="write the script on a part of the table, and run it on the whole where there is more memory",
            code="MW-D602",
        )
    plan = plan_repairs(source, run.table, run.documents["audit"], run.applied, run.brief.target)
    if fix is not None:
        check_writable(Path(fix))
    if script is not None:
        check_place(Path(script))
    code = "" if script is None else pandas_script(plan, run.columns, str(fix or "repaired.parquet"))
    if fix is not None:
        table = repaired_table(plan, run.columns)
        write_tables(table.schema, [table], Path(fix))
    if script is not None:
        write_atomic(Path(script), code.encode())
