"""``modelwright doctor``: can this machine do the job?"""

from __future__ import annotations

import click

from modelwright.cli.options import output_options

__all__ = ["command"]


@click.command(short_help="check this machine and installation")
@output_options
def command(as_json: bool, quiet: bool) -> int:
    """Check Python, libraries, cores, memory, disk and worker processes, and do the whole job on a few rows."""
    from modelwright.cli.showing import print_json
    from modelwright.doctor import examine

    checks = examine()
    healthy = all(c.ok or not c.needed for c in checks)
    if as_json:
        print_json({"healthy": healthy, "checks": checks})
    else:
        for c in checks:
            if not quiet or not c.ok:
                click.echo(f"{'ok ' if c.ok else 'BAD' if c.needed else '-  '}  {c.name}: {c.found}")
                if not c.ok:
                    click.echo(f"       {c.fix}")
    return 0 if healthy else 1
