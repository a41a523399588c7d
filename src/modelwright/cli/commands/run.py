"""``modelwright run``: the main job."""

from __future__ import annotations

from typing import Any

import click

from modelwright.cli import ATTENTION
from modelwright.cli.options import brief_fields, brief_options, output_options
from modelwright.govern.verdict import ships

__all__ = ["command", "conclude"]


@click.command(short_help="do the whole job")
@click.argument("source", required=False)
@brief_options()
@output_options
def command(source: str | None, as_json: bool, quiet: bool, project: str | None, **options: Any) -> int:
    """Do the whole job on SOURCE: a file, a folder of files or a database URL.

    The result is a project folder with the report, the model card and a version that can be used. Broken off, the
    same command goes on from where it was.

    \b
      modelwright run bank.csv --target deposit
      modelwright run bank.csv -t deposit --budget 2m --metric pr_auc --drop client_id
      modelwright run sales.parquet -t price --test autumn.parquet --time sold_on
    """
    from modelwright.api import make_brief
    from modelwright.cli import process_start
    from modelwright.cli.showing import listening
    from modelwright.lifecycle import run_lifecycle
    from modelwright.loading import load_alone

    fields = brief_fields(options)
    asked, _, _ = make_brief(source, fields.pop("test", None), fields.pop("brief", None), fields)
    load_alone()
    with listening(silent=as_json or quiet) as listener:
        done = run_lifecycle(asked, project=project, listener=listener, started=process_start())
    return conclude(done.result, as_json=as_json)


def conclude(result: dict[str, Any], *, as_json: bool) -> int:
    """Show what a run came to; return the exit code."""
    from modelwright.cli.showing import print_json

    if as_json:
        print_json(result)
    else:
        lines = [
            f"{_title(result['score'])}: {_score(result['score'])}",
            f"verdict: {result['verdict']}. {result['verdict_summary']}",
            *([_worth(result["worth"])] if result.get("worth") else []),
            *([_left(result["abstain"])] if result.get("abstain") else []),
            f"version {result['version']} in {result['project']}",
            f"report: {result['report']}",
        ]
        if "test_score" in result:
            lines.insert(1, f"test file, {_title(result['test_score'])}: {_score(result['test_score'])}")
            if unseen := result.get("test_unseen_classes"):
                rows = f"{sum(unseen.values()):,} of its rows"
                lines.insert(
                    2, f"test file: {rows} have classes training never saw and are left out: {', '.join(unseen)}"
                )
        if "test_predictions" in result:
            lines.append(f"predictions of the test file: {result['test_predictions']}")
        if serving := _still_serving(result):
            lines.append(serving)
        click.echo("\n".join(lines))
    return 0 if ships(result["verdict"]) else ATTENTION


def _title(score: dict[str, Any]) -> str:
    from modelwright.evaluate import metrics

    return metrics.get(score["metric"]).title


def _worth(worth: dict[str, Any]) -> str:
    """Return what the decisions bring, in one line."""
    from modelwright.evaluate.measurements import Measurement
    from modelwright.format import measured

    per = {
        name: Measurement(name="worth", n=0, method="", unit=worth["currency"], **m) for name, m in worth["per"].items()
    }
    told = ", ".join(f"{measured(m)} per {name}" for name, m in per.items())
    if all(m.low is not None and m.low > 0 for m in per.values()):
        return f"worth: {told} more than the best simpler way ({worth['beyond']})"
    return f"worth: not surely more than the best simpler way ({worth['beyond']}): {told}"


def _left(told: dict[str, Any]) -> str:
    """Return how many rows are answered at the risk that was asked for, in one line."""
    from modelwright.format import share

    risk, answered, wrong = share(told["risk"]), told["answered"], told["wrong"]
    if answered is None:
        return f"left to people: it cannot be told which rows may be answered at a risk of {risk} ({told['note']})"
    if wrong is None:
        return f"left to people: every row; none can be answered at a risk of {risk}"
    return (
        f"left to people: {share(1 - answered['value'])} of the rows; of the {share(answered['value'])} that are "
        f"answered, {share(wrong['value'])} are wrong ({share(wrong['low'])} to {share(wrong['high'])}), where {risk} "
        "may be"
    )


def _still_serving(result: dict[str, Any]) -> str:
    """Return what to say where another version than the one just made is the champion."""
    from modelwright.project import Project

    champion = Project(result["project"]).champion
    if champion is None or champion.version == result["version"]:
        return ""
    if not ships(result["verdict"]):
        return (
            f"version {champion.version} still serves; version {result['version']} may once somebody accepts what it "
            f"did not pass: 'modelwright waive {result['project']}' lists it"
        )
    return (
        f"version {champion.version} still serves; "
        f"'modelwright promote {result['project']} {result['version']}' puts version {result['version']} in its place"
    )


def _score(score: dict[str, Any]) -> str:
    from modelwright.evaluate.measurements import Measurement
    from modelwright.format import measured

    measurement = Measurement(
        name=score["metric"], value=score["value"], low=score["low"], high=score["high"], n=score["n"], method=""
    )
    return f"{measured(measurement)} on {score['n']:,} rows"
