"""`rayfence logs`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from rayfence.cli import options, output

if TYPE_CHECKING:
    from rayfence.api.clusters.target import Where


@click.command(
    epilog="Examples:  rayfence logs  ·  rayfence logs envoy -n 50  ·  rayfence logs service -f  ·  "
    "rayfence logs vision/train --file platform.yaml  ·  rayfence logs gateway --name ml --tenant vision --follow  ·  "
    "rayfence logs operator --name ml --previous"
)
@click.argument("part", required=False)
@options.long_target
@click.option(
    "-n",
    "--lines",
    "--tail",
    "lines",
    default=20,
    show_default=True,
    type=click.IntRange(0, 100_000),
    help="Lines of each part.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on printing until Ctrl-C.")
@click.option("--previous", is_flag=True, help="In a cluster: of the containers before those that run now.")
def command(part: str | None, where: "Where", lines: int, follow: bool, previous: bool) -> int:
    """Print the logs of the instance's own processes (keeper, service, envoy, Ray nodes).

    Of a platform in a cluster, PART is `gateway`, `operator` or a Ray object as TENANT/NAME; left out, all of them.
    Jobs' logs: `ray job logs`.
    """
    for source, text in _lines(part, where, lines, follow, previous):
        output.line(output.clean(text) if source == part else f"{source}: {output.clean(text)}")
    return 0


def _lines(part: str | None, where: "Where", lines: int, follow: bool, previous: bool) -> Iterator[tuple[str, str]]:
    from rayfence.api.clusters.target import LocalTarget, target_of

    target = target_of(where)
    if isinstance(target, LocalTarget):
        from rayfence.api.logs import log_lines

        options.refuse_in_place(where, previous=previous)
        return log_lines(part, target.name, target.state_dir, lines, follow)
    from rayfence.api.clusters import logs
    from rayfence.ports.pods import LogWish

    return logs.log_lines(target, part, LogWish(lines, follow, previous))
