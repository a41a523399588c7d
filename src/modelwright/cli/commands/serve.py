"""``modelwright serve``: predictions over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

__all__ = ["command"]

VARIABLE = "MODELWRIGHT_SERVE_"
"""Before the name of an option: the variable that gives it where a platform gives variables only, as SageMaker does."""


@click.command(name="serve")
@click.argument("project", required=False)
@click.option("--host", default=None, help="Address to listen on; this machine alone by default.")
@click.option("--port", type=int, default=None, help="8080 by default, or what the platform says; 0: any free one.")
@click.option("--workers", type=int, default=1, show_default=True, help="Processes that answer.")
@click.option("--name", default="", help="Name of the model in URLs; the folder's by default.")
@click.option("--version", "number", type=int, help="Version to stay with; the champion by default, followed.")
@click.option("--challenger", type=int, help="Version that answers a share of the requests, or is scored unseen.")
@click.option("--share", type=float, default=0.0, help="Share of the challenger, 0 to 1; 0: in the shadow.")
@click.option("--log", "log_mode", type=click.Choice(["off", "sampled", "full"]), default="full", show_default=True)
@click.option("--log-share", type=float, default=0.1, show_default=True, help="Share of requests in a sampled log.")
@click.option("--log-days", type=float, help="Days that the log is kept; keep_log of the brief by default, or 30.")
@click.option(
    "--log-to", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="Folder for the log instead of the project's; a version served alone keeps one only there.",
)  # fmt: skip
@click.option("--mask", multiple=True, metavar="COLUMN", help="Column whose values are not logged (repeat).")
@click.option("--hash", "hashed", multiple=True, metavar="COLUMN", help="Column of which hashes are logged (repeat).")
@click.option(
    "--keep", multiple=True, metavar="COLUMN", help="Column that looks personal, logged all the same (repeat)."
)
@click.option("--max-body", type=int, default=8, show_default=True, help="Largest body of a request, in MiB.")
@click.option("--max-rows", type=int, default=100_000, show_default=True, help="Most rows of a request.")
@click.option("--rate", type=float, help="Requests a second that one caller may send in the long run.")
@click.option("--burst", type=int, default=100, show_default=True, help="Requests that one caller may send at once.")
@click.option("--allow-host", "hosts", multiple=True, help="Name under which the open server may be asked (repeat).")
@click.option("--insecure", is_flag=True, help="Let other machines ask without keys.")
@click.option("--public-key", type=click.Path(path_type=Path), help="Key that must have signed every version served.")
@click.option("--require-signature", is_flag=True, help="Refuse to start unless --public-key is given.")
@click.option(
    "--drain", type=float, default=1.0, show_default=True, help="Seconds to say 'not ready' before stopping on SIGTERM."
)
def command(project: str | None, **options: Any) -> None:
    """Answer requests with the champion of PROJECT, or with the version in a folder.

    Without PROJECT the model is where a platform puts it: $AIP_STORAGE_URI, $AZUREML_MODEL_DIR, $MODEL_DIR,
    /opt/ml/model, /mnt/models. Every option can be given as a variable too: --workers is MODELWRIGHT_SERVE_WORKERS.

    \b
      modelwright serve bank-deposit --port 8000
      curl localhost:8000/predict -d @row.json
    """
    import gc
    import os
    import sys

    gc.disable()  # until the server answers: what is imported and loaded stays, and would be looked through in vain
    from modelwright.serve.server import serve
    from modelwright.serve.settings import LOCAL, Settings, model_folder, plain_name, port_of

    inside = project is None  # a container
    place = model_folder(os.environ) if project is None else Path(project)
    _check_place(place)
    _check_signature(options)
    settings = Settings(
        place=place,
        version=options["number"],
        challenger=options["challenger"],
        share=options["share"],
        host=options["host"] or ("0.0.0.0" if inside else LOCAL),
        port=port_of(os.environ) if options["port"] is None else options["port"],
        workers=options["workers"],
        name=options["name"] or plain_name(os.environ.get("AIP_MODEL_NAME", "")),
        log=_policy(options, place),
        log_to=options["log_to"],
        limits=_limits(options),
        rate=_rate(options),
        hosts=options["hosts"],
        insecure=options["insecure"],
        public_key=options["public_key"],
        drain_seconds=options["drain"],
    )
    try:
        code = serve(settings, started=lambda address: print(f"answering at {address}", file=sys.stderr, flush=True))
    finally:
        gc.enable()
    sys.exit(code)


for _option in command.params:
    if isinstance(_option, click.Option):
        _option.envvar = VARIABLE + max(_option.opts, key=len).lstrip("-").upper().replace("-", "_")


def _check_place(place: Path) -> None:
    from modelwright.errors import NoProject

    if not any((place / name).is_file() for name in ("ledger.jsonl", "manifest.json")):
        what = "is neither a project nor a version" if place.is_dir() else "does not exist"
        raise NoProject(
            f"'{place}' {what}", fix="name the folder that 'modelwright run' has made", code="MW-P076"
        )  # fmt: skip


def _check_signature(options: dict[str, Any]) -> None:
    from modelwright.package.bundle import check_named

    if options["require_signature"]:
        check_named(options["public_key"])


def _policy(options: dict[str, Any], place: Path) -> Any:
    from modelwright.serve.log import LogPolicy, Mode
    from modelwright.serve.settings import days_kept

    return LogPolicy(
        mode=Mode(options["log_mode"]),
        share=options["log_share"],
        masked=options["mask"],
        hashed=options["hashed"],
        kept=options["keep"],
        keep_days=days_kept(place, options["log_days"]),
    )


def _limits(options: dict[str, Any]) -> Any:
    from modelwright.errors import UsageError
    from modelwright.serve.limits import Limits

    if options["max_body"] < 1 or options["max_rows"] < 1:
        raise UsageError("a limit of requests is below 1", fix="give at least 1", code="MW-U075")
    return Limits(body_bytes=options["max_body"] << 20, rows=options["max_rows"])


def _rate(options: dict[str, Any]) -> Any:
    from modelwright.serve.rates import Rate

    return None if options["rate"] is None else Rate(per_second=options["rate"], burst=options["burst"])
