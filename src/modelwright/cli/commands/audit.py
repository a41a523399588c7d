"""``modelwright audit``: the data alone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelwright.cli.options import brief_fields, brief_options, output_options

if TYPE_CHECKING:
    from modelwright.auditing import Audited

__all__ = ["command"]

MARKS = {"error": "✗", "warning": "!", "info": "·"}


@click.command(short_help="say what is wrong with the data")
@click.argument("source", required=False)
@brief_options(limits=False)
@click.option("--fix", type=click.Path(), help="Write the repaired table too: what a run would learn from.")
@click.option("--script", type=click.Path(), help="Write a pandas script that repairs the file in the same way.")
@click.option("--report", type=click.Path(), help="Write the audit as an HTML page too.")
@output_options
def command(
    source: str | None,
    fix: str | None,
    script: str | None,
    report: str | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Audit SOURCE: what is wrong, how much it matters, and what a run would do about it.

    \b
      modelwright audit bank.csv
      modelwright audit bank.csv --target deposit --report audit.html
      modelwright audit bank.csv --target deposit --fix repaired.parquet --script repair.py
    """
    from modelwright.api import make_brief
    from modelwright.auditing import audit_only, check_outputs
    from modelwright.cli.showing import listening, print_json
    from modelwright.loading import load_alone

    began = time.monotonic()
    fields = brief_fields(options)
    also_read = [path for path in (fields.get("brief"),) if path is not None]
    asked, _, _ = make_brief(source, fields.pop("test", None), fields.pop("brief", None), fields)
    check_outputs(asked, {"--fix": fix, "--script": script, "--report": report}, *also_read)
    load_alone()
    with listening(silent=as_json or quiet) as listener:
        found = audit_only(asked, listener=listener, fix=fix, script=script)
    if report is not None:
        _write_report(found, Path(report), time.monotonic() - began)
    if as_json:
        print_json({**_document(found), "report": report, "fixed": fix, "script": script})
    else:
        _show(found)


def _write_report(found: Audited, path: Path, wall_s: float) -> None:
    from modelwright.documents import write_atomic
    from modelwright.ledger import now
    from modelwright.report.audit_html import render_audit
    from modelwright.report.inputs import AuditInput

    page = AuditInput(**vars(found), wall_s=wall_s, created_at=now())
    write_atomic(path, render_audit(page).encode())


def _document(found: Audited) -> dict[str, Any]:
    from modelwright.documents import to_builtins

    return {
        "source": to_builtins(found.source),
        "rows": found.audit.n_rows,
        "rows_examined": found.audit.n_rows_examined,
        "columns": [
            {"name": s.name, "kind": s.kind.value, "why": s.why, "levels": s.n_levels} for s in found.contract.columns
        ],
        "findings": [to_builtins(f) for f in found.audit.findings],
        "rules": [to_builtins(o) for o in found.audit.outcomes],
    }


def _show(found: Audited) -> None:
    from modelwright.format import plural
    from modelwright.report.describing import apart, effect_words

    read, outcomes = found.source, found.audit.outcomes
    click.echo(f"{plural(read.n_rows, 'row')} × {plural(read.n_columns, 'column')} in {read.location}")
    for note in read.notes:
        click.echo(f"! in reading: {note}")
    for f in found.audit.findings:
        columns = f" {', '.join(f.columns[:6])}" if f.columns else ""
        click.echo(f"{MARKS[f.severity.value]} {f.code} {f.title}:{columns}\n    {f.message}\n    → {f.done}")
        if measured := effect_words(f):
            click.echo(f"    {measured}")
    passed = sum(o.answer == "passed" for o in outcomes)
    click.echo(f"{plural(len(found.audit.findings), 'finding')}; {passed} of {len(outcomes)} rules passed")
    for line in apart(outcomes):
        click.echo(line)
