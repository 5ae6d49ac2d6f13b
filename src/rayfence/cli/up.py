"""`rayfence up`."""

from pathlib import Path

import click

from rayfence.cli import options, output
from rayfence.cli.status import show


@click.command(epilog="Examples:  rayfence up  ·  rayfence up -f platform.yaml  ·  rayfence up --name second")
@options.spec_file
@options.instance
@options.json_output
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(spec: Path | None, name: str | None, state_dir: Path | None, as_json: bool, quiet: bool) -> int:
    """Start a secured Ray on this machine, or repair it.

    Makes what is missing, leaves what is right, and is ready only when each part has proved ready. Running it twice
    changes nothing. Ctrl-C stops what it started.
    """
    from rayfence.api.up import up

    progress = output.Progress(quiet)
    status = up(spec, name, state_dir, progress)
    show(status, as_json)
    return 0
