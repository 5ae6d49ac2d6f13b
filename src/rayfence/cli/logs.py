"""`rayfence logs`."""

from pathlib import Path

import click

from rayfence.cli import options, output


@click.command(epilog="Examples:  rayfence logs  ·  rayfence logs envoy -n 50  ·  rayfence logs service -f")
@click.argument("part", required=False)
@options.instance
@click.option(
    "-n", "--lines", default=20, show_default=True, type=click.IntRange(0, 100_000), help="Lines of each part."
)
@click.option("-f", "--follow", is_flag=True, help="Go on printing until Ctrl-C.")
def command(part: str | None, name: str | None, state_dir: Path | None, lines: int, follow: bool) -> int:
    """Print the logs of the instance's own processes (keeper, service, envoy, Ray nodes).

    Jobs' logs: `ray job logs`.
    """
    from rayfence.api.logs import log_lines

    for source, text in log_lines(part, name, state_dir, lines, follow):
        output.line(f"{source}: {output.clean(text)}" if part is None else output.clean(text))
    return 0
