"""The audit on its own: the first stages of the lifecycle, without a project."""

from __future__ import annotations

import time
from collections.abc import Mapping
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

__all__ = ["Audited", "audit_only", "check_outputs"]

TABLES = ("--fix",)
"""Of what an audit writes: the options whose file is a table."""

REPAIRED = "repaired.parquet"
"""File that a script writes where none was named."""


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
        `REPAIRED`.

    Raises
    ------
    ModelwrightError
        The data cannot be read, or the brief names columns it does not have; or the table is too large to be
        repaired in memory (MW-D602), or a script cannot read such a source (MW-U014) or write such a file (MW-U013);
        or a file to be written is read (MW-U010) or cannot be made.
    """
    from modelwright import steps
    from modelwright.steps.sense import refuse_nonsense

    refuse_nonsense(brief)
    check_outputs(brief, {"--fix": fix, "--script": script})
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


def check_outputs(brief: Brief, written: Mapping[str, str | Path | None], *more: str | Path) -> None:
    """Raise before the work where what an audit is to write cannot be, or would replace what it reads.

    Parameters
    ----------
    brief : Brief
    written : mapping of str to path or None
        Files by the option that names them; a repaired table, a script or a report.
    *more : str or Path
        Further files that are read.

    Raises
    ------
    UsageError
        A file is read or written twice (MW-U010), or the repaired table has an unknown extension (MW-U118).
    ProjectError
        A folder is missing or closed, or a path is a folder.
    """
    from modelwright.data.replacing import files_of, refuse_replacing
    from modelwright.data.writing import check_place, check_writable

    for option, path in written.items():
        if path is not None:
            (check_writable if option in TABLES else check_place)(Path(path))
    read = [file for source in (brief.source, brief.test, *more) for file in files_of(source)]
    made = {} if written.get("--script") is None or written.get("--fix") is not None else {"--fix": REPAIRED}
    refuse_replacing({**written, **made}, read, tables=TABLES)


def _repair(run: Run, fix: str | Path | None, script: str | Path | None) -> None:
    """Write the repaired table and the script, both or neither."""
    if fix is None and script is None:
        return
    from modelwright.audit.repairing.plan import plan_repairs
    from modelwright.audit.repairing.script import pandas_script
    from modelwright.audit.repairing.table import repaired_table
    from modelwright.data.writing import write_tables
    from modelwright.documents import write_atomic

    source: Source = run.documents["source"]
    if source.n_rows_read < source.n_rows:
        raise DataError(
            f"'{source.location}' does not fit in memory ({source.n_rows:,} rows): it was judged by a sample",
            fix="write the script on a part of the table, and run it on the whole where there is more memory",
            code="MW-D602",
        )
    plan = plan_repairs(source, run.table, run.documents["audit"], run.applied, run.brief.target)
    code = "" if script is None else pandas_script(plan, run.columns, str(fix or REPAIRED))
    if fix is not None:
        table = repaired_table(plan, run.columns)
        write_tables(table.schema, [table], Path(fix))
    if script is not None:
        write_atomic(Path(script), code.encode())
