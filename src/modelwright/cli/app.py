"""The commands, found when they are called: ``modelwright --help`` imports none of them."""

from __future__ import annotations

import importlib

import click

from modelwright import __version__

__all__ = ["COMMANDS", "app"]

COMMANDS = {
    "run": "do the whole job: from a raw file to a report and a version",
    "audit": "say what is wrong with the data, without training",
    "predict": "score a file with a version",
    "why": "say why a decision was taken",
    "versions": "list the versions of a project",
    "promote": "make a version the champion",
    "rollback": "go back to the champion before",
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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="modelwright")
def app() -> None:
    """The machine learning engineer as software.

    modelwright run bank.csv --target deposit --budget 5m
    """
