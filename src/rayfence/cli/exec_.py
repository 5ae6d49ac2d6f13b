"""`rayfence exec`."""

from typing import TYPE_CHECKING

import click

from rayfence.cli import options, output
from rayfence.errors import StateError

if TYPE_CHECKING:
    from rayfence.api.clusters.target import Where


@click.command(
    name="exec",
    context_settings={"ignore_unknown_options": True},
    epilog="Examples:  rayfence exec -- ray job submit --working-dir . -- python job.py  ·  "
    "rayfence exec -f platform.yaml --tenant vision -- ray job submit -- python job.py  ·  "
    "rayfence exec --name ml --tenant vision --as serviceAccount:ci/runner -- bash",
)
@options.target
@options.identity
@options.ray_object
@options.ttl
@options.narrowed_role
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
def command(
    where: "Where",
    member: str | None,
    ray_object: str | None,
    ttl: int | None,
    role: str | None,
    words: tuple[str, ...],
) -> int:
    """Run one command with a token minted for it, so that loops outlive any single token. Its exit status is ours.

    For a platform in a cluster it also opens a way to the tenant's gateway, through the API server where no other is,
    and closes it when the command ends.
    """
    from rayfence.api.clusters.target import LocalTarget, target_of

    target = target_of(where)
    try:
        if isinstance(target, LocalTarget):
            from rayfence.api.exec import replace_process
            from rayfence.api.instances import DEFAULT_NAME
            from rayfence.api.session import ray_environment

            options.refuse_in_place(where, **{"as": member, "object": ray_object})
            replace_process(words, ray_environment(target.name or DEFAULT_NAME, target.state_dir, ttl, role))
        from rayfence.api.clusters.run import run

        return run(target, words, options.way_of(member), ray_object, ttl, role, output.note)
    except FileNotFoundError as error:
        raise StateError(f"{words[0]!r} is not a command here", hint="is its folder on PATH?") from error
