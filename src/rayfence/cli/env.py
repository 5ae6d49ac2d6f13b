"""`rayfence env`."""

import shlex
from pathlib import Path

import click

from rayfence.cli import options, output


@click.command(epilog='Example:  eval "$(rayfence env)"; ray job submit -- python job.py')
@options.instance
@options.json_output
@options.ttl
@options.narrowed_role
def command(name: str | None, state_dir: Path | None, as_json: bool, ttl: int | None, role: str | None) -> int:
    """Print the environment that points Ray's own tools at the gateway, for the shell's `eval`.

    The token in it is short-lived; for loops that outlive it use `rayfence exec`.
    """
    from rayfence.api.instances import DEFAULT_NAME
    from rayfence.api.session import ray_environment

    variables = ray_environment(name or DEFAULT_NAME, state_dir, ttl, role)
    if as_json:
        output.data(variables)
        return 0
    for key, value in variables.items():
        output.line(f"export {key}={shlex.quote(value)}")
    return 0
