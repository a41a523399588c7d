"""``modelwright demo``: the main job on data that ships with the package."""

from __future__ import annotations

import importlib.resources
import sys

import click

from modelwright.cli.options import output_options

__all__ = ["command"]

STORY = """\
A bank called 45,211 clients to sell a term deposit. Whom should it call next time?
The file has a famous trap: 'duration', the length of the call, is known only once the call is over. A model that
uses it looks brilliant and is worthless. Watch what the audit makes of it.
"""


@click.command(short_help="run the main job on data that ships with the package")
@click.option("--budget", default="60s", show_default=True, help="Wall time of the whole command.")
@click.option("--project", type=click.Path(), default="bank-demo", show_default=True, help="Folder of the project.")
@output_options
def command(budget: str, project: str, as_json: bool, quiet: bool) -> int:
    """Run the main job on the UCI Bank Marketing data, and print where the report is."""
    from modelwright.brief import Brief
    from modelwright.cli import process_start
    from modelwright.cli.commands.run import conclude
    from modelwright.cli.showing import listening
    from modelwright.lifecycle import run_lifecycle
    from modelwright.loading import load_alone

    told = not (as_json or quiet)
    if told:
        print(STORY, file=sys.stderr)
    with importlib.resources.as_file(importlib.resources.files("modelwright") / "demo" / "bank.csv.gz") as path:
        brief = Brief().merged(
            source=str(path),
            target="deposit",
            goal="rank clients by their chance to subscribe, before anybody calls them",
            protected=["age", "marital"],
            budget=budget,
        )
        load_alone()
        with listening(silent=not told) as listener:
            done = run_lifecycle(brief, project=project, listener=listener, started=process_start())
    return conclude(done.result, as_json=as_json)
