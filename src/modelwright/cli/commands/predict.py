"""``modelwright predict``: score a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelwright.cli.options import output_options

if TYPE_CHECKING:
    from modelwright.data.contract import Violation
    from modelwright.package.bundle import Version
    from modelwright.scoring import Answers, ScoredFile

__all__ = ["command"]

MOST_SHOWN = 1000
"""Rows up to which the predictions go into the JSON object itself; more belong in a file."""

MOST_NAMED = 6
"""Columns that one line names."""


@click.command(short_help="score a file with a version")
@click.argument("project", metavar="PROJECT_OR_FOLDER")
@click.argument("source")
@click.option("--output", "-o", type=click.Path(), help="File to write: .csv, .parquet, .jsonl, …; CSV to the screen.")
@click.option("--version", "number", type=int, help="Of a project; the champion by default.")
@click.option("--query", help="SQL for a database; table or sheet for SQLite and Excel.")
@click.option("--keep", multiple=True, help="Column of the input to write beside the predictions (repeat).")
@click.option("--interval", type=float, help="Coverage of intervals to write as well: 0.9.")
@click.option(
    "--reasons", type=click.IntRange(min=0), default=0, help="Columns with the strongest effect to write for each row."
)
@click.option("--abstain", type=float, help="Say which rows to leave to a person, so that few answers are wrong: 0.05.")
@click.option("--top", type=int, help="Write only so many rows: those most likely to be the event, or highest.")
@click.option("--unusual", is_flag=True, help="Say which rows are unlike training, and which columns make them so.")
@output_options
def command(
    project: str,
    source: str,
    output: str | None,
    number: int | None,
    query: str | None,
    keep: tuple[str, ...],
    interval: float | None,
    reasons: int,
    abstain: float | None,
    unusual: bool,
    top: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Score SOURCE with a version of a project, or the version in a folder, under the contract of the training data.

    Sources of any size are scored in bounded memory, on all cores. One that was broken off goes on when the same
    command is given again.

    \b
      modelwright predict bank-deposit new.csv -o scored.parquet --keep client_id
      modelwright predict bank-deposit new.csv -o call-today.csv --keep client_id --top 200
      modelwright predict bank-deposit/versions/2 new.csv -o scored.csv
    """
    from modelwright.cli.counting import counting
    from modelwright.loading import load_arrow_alone
    from modelwright.scoring import score_file, scored

    if output is not None:
        _check_output(Path(output), source)
    load_arrow_alone()
    version, doubt = _opened(project, number)
    told = _Told(version.manifest.version, doubt, output, top, as_json=as_json, quiet=quiet)
    wanted: dict[str, Any] = {
        "query": query,
        "keep": keep,
        "interval": interval,
        "reasons": reasons,
        "abstain": abstain,
        "unusual": unusual,
        "top": top,
    }
    with counting(silent=quiet or as_json) as progress:
        if output is not None:
            told.done(score_file(version, source, output, **wanted, progress=progress))
            return
        limited = _limited if as_json and (top is None or top > MOST_SHOWN) else progress
        with scored(version, source, **wanted, progress=limited) as answers:
            records = [row for table in answers.typed().tables() for row in table.to_pylist()] if as_json else None
            if not as_json:
                _print_csv(answers)
            told.done(answers, records)


def _opened(place: str, number: int | None) -> tuple[Version, str]:
    """Return the version, and why it is not the one that serves; empty for the champion and for a folder."""
    from modelwright.cli.commands.verify import version_folder
    from modelwright.package.bundle import open_version
    from modelwright.project import Project
    from modelwright.project.secrets import note_key

    folder = version_folder(place, number)
    if folder == Path(place):
        note_key(folder.absolute().parent.parent)  # where the folder lies in its project, the brief there has the key
        return open_version(folder), ""
    opened = Project(place)
    version = opened.version(number)
    return version, opened.not_champion(version.manifest.version)


class _Told:
    """What the command says of a scoring once it is done."""

    def __init__(
        self, version: int, doubt: str, output: str | None, top: int | None, *, as_json: bool, quiet: bool
    ) -> None:
        self._version, self._doubt, self._output, self._top = version, doubt, output, top
        self._as_json, self._quiet = as_json, quiet

    def done(self, scored: ScoredFile | Answers, records: list[dict[str, Any]] | None = None) -> None:
        """Say it; ``records`` are the predictions of a JSON object that holds them."""
        from modelwright.cli.showing import print_json
        from modelwright.documents import to_builtins

        notes = [*([self._doubt] if self._doubt else []), *scored.notes]
        if self._as_json:
            print_json(
                {
                    "rows": scored.n_rows,
                    "version": self._version,
                    "champion": not self._doubt,
                    "output": self._output,
                    **({"predictions": records} if records is not None else {}),
                    "notes": notes,
                    "violations": [to_builtins(v) for v in scored.violations],
                }
            )
        elif not self._quiet:
            self._say(scored, notes)

    def _say(self, scored: ScoredFile | Answers, notes: list[str]) -> None:
        from modelwright.format import plural

        for note in (*notes, *_messages(scored.violations)):
            print(f"note: {note}", file=sys.stderr)
        if scored.n_resumed:
            print(f"note: went on after {plural(scored.n_resumed, 'row')} that were scored before", file=sys.stderr)
        if self._output is not None:
            first = "" if self._top is None else f", the first {min(self._top, scored.n_rows):,}"
            done = f"{plural(scored.n_rows, 'row')} scored by version {self._version}{first} into {self._output}"
            print(done, file=sys.stderr)


def _messages(violations: Sequence[Violation]) -> Iterator[str]:
    """Yield what differs from the contract, in one line for all columns that are ignored."""
    from modelwright.format import joined

    ignored = [v for v in violations if v.what == "unknown column"]
    if len(ignored) > 1:
        names = joined((f"'{v.column}'" for v in ignored), MOST_NAMED)
        yield f"{len(ignored)} columns are none that the model uses, and are ignored: {names}"
    yield from (v.message for v in violations if len(ignored) < 2 or v.what != "unknown column")


def _limited(rows: int, share: float | None) -> None:
    """Stop a scoring of more rows than go into a JSON object."""
    from modelwright.errors import UsageError

    if rows > MOST_SHOWN:
        raise UsageError(
            f"--json needs a file for the predictions of more than {MOST_SHOWN:,} rows",
            fix="name it with --output",
            code="MW-U009",
        )


def _check_output(output: Path, source: str) -> None:
    """Raise before the work is done when the predictions cannot be written, or would replace what they are made of."""
    from modelwright.data.replacing import files_of, refuse_replacing
    from modelwright.data.writing import check_writable

    check_writable(output)
    refuse_replacing({"--output": output}, files_of(source), tables=("--output",))


def _print_csv(answers: Answers) -> None:
    """Print the answers; nothing is printed of a source that is refused, for its refusal may come with its last row."""
    import csv

    schema, tables = answers.without_lists()
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(schema.names)
    for table in tables:
        writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))
