"""`rayfence restart`."""

from pathlib import Path

import click

from rayfence.cli import options, output
from rayfence.cli.status import show


@click.command(epilog="Examples:  rayfence restart  ·  rayfence restart envoy")
@click.argument("part", nargs=-1)
@options.instance
@options.json_output
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(part: tuple[str, ...], name: str | None, state_dir: Path | None, as_json: bool, quiet: bool) -> int:
    """Stop and start an instance, or the named parts of it; renews the certificates of Ray's nodes.

    Jobs do not survive a restart of the head.
    """
    from rayfence.api.restart import restart

    show(restart(part, name, state_dir, output.Progress(quiet)), as_json)
    return 0
