"""`rayfence renew`."""

from pathlib import Path

import click

from rayfence.cli import options, output


@click.command(epilog="Examples:  rayfence renew  ·  rayfence renew --force")
@options.instance
@options.json_output
@click.option("--force", is_flag=True, help="Renew even what is still good, for example after a key leaked.")
def command(name: str | None, state_dir: Path | None, as_json: bool, force: bool) -> int:
    """Renew the gateway's certificate when it ages; Envoy takes the new one without a restart.

    A running instance does this by itself every six hours. Ray's nodes do not reload theirs: `rayfence restart`.
    """
    from rayfence.api.renew import renew

    done = renew(name, state_dir, force)
    if as_json:
        output.data(done)
        return 0
    output.line(f"renewed: {', '.join(done.renewed) or 'nothing, all are good'}")
    if done.need_restart:
        output.line(f"need `rayfence restart`: {', '.join(done.need_restart)}")
    return 0
