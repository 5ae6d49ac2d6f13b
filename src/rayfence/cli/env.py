"""`rayfence env`."""

import shlex
from typing import TYPE_CHECKING

import click

from rayfence.cli import options, output

if TYPE_CHECKING:
    from rayfence.api.clusters.target import Where


@click.command(
    epilog='Examples:  eval "$(rayfence env)"; ray job submit -- python job.py  ·  '
    'in a pod: eval "$(rayfence env -f platform.yaml --tenant vision --as serviceAccount:ci/runner)"'
)
@options.target
@options.identity
@options.ray_object
@options.json_output
@options.ttl
@options.narrowed_role
def command(
    where: "Where", member: str | None, ray_object: str | None, as_json: bool, ttl: int | None, role: str | None
) -> int:
    """Print the environment that points Ray's own tools at the gateway, for the shell's `eval`.

    The token in it is short-lived; for loops that outlive it use `rayfence exec`. For a platform in a cluster it needs
    the gateway's own address to lead there, as in a pod; elsewhere `rayfence exec -- bash` opens a way for a shell.
    """
    variables = _variables(where, member, ray_object, ttl, role)
    if as_json:
        output.data(variables)
        return 0
    for key, value in variables.items():
        output.line(f"export {key}={shlex.quote(value)}")
    return 0


def _variables(
    where: "Where", member: str | None, ray_object: str | None, ttl: int | None, role: str | None
) -> dict[str, str]:
    from rayfence.api.clusters.target import LocalTarget, target_of

    target = target_of(where)
    if isinstance(target, LocalTarget):
        from rayfence.api.instances import DEFAULT_NAME
        from rayfence.api.session import ray_environment

        options.refuse_in_place(where, **{"as": member, "object": ray_object})
        return ray_environment(target.name or DEFAULT_NAME, target.state_dir, ttl, role)
    from rayfence.api.clusters.run import lasting_environment

    return lasting_environment(target, options.way_of(member), ray_object, ttl, role)
