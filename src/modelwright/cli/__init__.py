"""The command line: thin; parses, calls, shows."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence

from modelwright.errors import ModelwrightError

__all__ = ["ATTENTION", "main", "process_start"]

ATTENTION = 3  # done, and somebody must look: a gate says *do not ship*, or what came is harmful or broken
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def process_start() -> float:
    """Return when this process began, on the clock of `time.monotonic`."""
    import psutil

    return time.monotonic() - max(0.0, time.time() - psutil.Process().create_time())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return or exit with the code.

    0 done, 1 failed, 2 bad usage, 3 done but a gate says *do not ship* or there is an alarm, 130 interrupted.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _answered(given, own=arguments is None)
    except KeyboardInterrupt:  # while libraries were being loaded, too
        code = _interrupted(given)
    if arguments is None:
        sys.exit(code or 0)
    return code or 0


def _answered(given: list[str], *, own: bool) -> int:
    """Run a command; return its code, with errors told. ``own``: the process is ours alone."""
    import click

    from modelwright.cli.app import app
    from modelwright.engines.local import THREAD_VARIABLES
    from modelwright.loading import own_process

    if own:
        own_process()
    for name in THREAD_VARIABLES:  # the workers keep the cores busy; threads of linear algebra here would only spin
        os.environ.setdefault(name, "1")
    try:
        return app.main(args=given, prog_name="modelwright", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        asked = getattr(getattr(error, "ctx", None), "command_path", "modelwright")
        return _told(given, error.format_message(), f"see '{asked} --help'", "MW-U000", 2)
    except click.Abort:
        return _interrupted(given)
    except ModelwrightError as error:
        return _told(given, error.what, error.fix, error.code, error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        return _told(given, "memory ran out", "give a smaller file, or more memory", "MW-L001", 1)
    except Exception as error:
        if os.environ.get("MODELWRIGHT_DEBUG"):
            raise
        return _unforeseen(given, error)


def _interrupted(given: list[str]) -> int:
    resumes = given[:1] in (["run"], ["demo"]) or (given[:1] == ["predict"] and {"-o", "--output"} & {*given})
    goes_on = ": it goes on from there" if resumes else ""
    return _told(given, "interrupted", f"give the same command again{goes_on}", "MW-Z130", INTERRUPTED)


def _unforeseen(given: list[str], error: Exception) -> int:
    """Show an error that no other place knows; an installation for scoring alone lacks what the other commands need."""
    library = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
    if library and not library.startswith("modelwright"):
        return _told(
            given,
            f"this command needs the library '{library}', which is not installed",
            "install Modelwright with all that it depends on; what is here suffices for scoring and serving",
            "MW-X002",
            1,
        )
    return _told(
        given,
        f"something unforeseen happened: {type(error).__name__}: {' '.join(str(error).split())[:300]}",
        "set MODELWRIGHT_DEBUG=1 to see where, and report it",
        "MW-Z001",
        1,
    )


def _told(arguments: list[str], what: str, fix: str, code: str, exit_code: int) -> int:
    """Show an error: one JSON object on standard output with ``--json``, else a line on standard error."""
    if "--json" in arguments:
        print(json.dumps({"error": what, "fix": fix, "code": code}, ensure_ascii=False))
    else:
        print(f"error: {what}\n  fix: {fix}\n  {code}", file=sys.stderr)
    return exit_code
