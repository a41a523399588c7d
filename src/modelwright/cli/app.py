"""The commands, found when they are called: ``modelwright --help`` imports none of them."""

from __future__ import annotations

import importlib

import click

from modelwright import __version__
from modelwright.errors import UsageError, did_you_mean

__all__ = ["COMMANDS", "app"]

COMMANDS = {
    "run": "do the whole job: from a raw file to a report and a version",
    "audit": "say what is wrong with the data, without training",
    "predict": "score a file with a version",
    "explain": "say why a row is predicted as it is, and what would have to change",
    "worth": "say what a version is worth, also under other amounts",
    "stress": "say what a version can bear: missing, mistyped, moved rows",
    "serve": "answer over HTTP with the champion of a project",
    "monitor": "say what moved since training, and whether it matters",
    "retrain": "train on new rows, and hold the new version against the champion",
    "recalibrate": "put the champion's probabilities right by new labels, without a training",
    "maintain": "keep the model good: watch, train again, promote, take back",
    "replay": "live through a stream of rows, with and without maintenance",
    "why": "say why a decision was taken",
    "document": "write the documents on a version: card, datasheet, technical file, …",
    "waive": "accept a gate that a version did not pass, for a reason and by name",
    "privacy": "say what a project does with personal data",
    "forget": "erase a person from what a project holds",
    "versions": "list the versions of a project",
    "promote": "make a version the champion",
    "rollback": "go back to the champion before",
    "sign": "sign a version with a key",
    "verify": "check a version: files, signature, answers",
    "keys": "add, list and revoke keys of the server",
    "export": "write a version in a form that other software runs",
    "demo": "run the main job on data that ships with the package",
    "doctor": "check this machine and installation",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"modelwright.cli.commands.{cmd_name}")
        return module.command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise UsageError(f"there is no command '{args[0]}'", fix=did_you_mean(args[0], COMMANDS), code="MW-U012")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    epilog="Exit codes: 0 done, 1 failed, 2 bad usage, 3 done, but a gate says: do not ship, or an alarm.",
)
@click.version_option(__version__, prog_name="modelwright")
@click.pass_context
def app(ctx: click.Context) -> None:
    """The machine learning engineer as software: from a raw file to an audited, honestly measured, packaged model.

    \b
      modelwright run bank.csv --target deposit --budget 5m
      modelwright predict bank-deposit new.csv -o scored.parquet
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
