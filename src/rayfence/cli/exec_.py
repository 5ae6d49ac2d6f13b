"""`rayfence exec`."""

from pathlib import Path

import click

from rayfence.cli import options
from rayfence.errors import StateError


@click.command(
    name="exec",
    context_settings={"ignore_unknown_options": True},
    epilog="Example:  rayfence exec -- ray job submit --working-dir . -- python job.py",
)
@options.instance
@options.ttl
@options.narrowed_role
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
def command(name: str | None, state_dir: Path | None, ttl: int | None, role: str | None, words: tuple[str, ...]) -> int:
    """Run one command with a token minted for it, so that loops outlive any single token. Its exit status is ours."""
    from rayfence.api.exec import replace_process
    from rayfence.api.instances import DEFAULT_NAME
    from rayfence.api.session import ray_environment

    try:
        replace_process(words, ray_environment(name or DEFAULT_NAME, state_dir, ttl, role))
    except FileNotFoundError as error:
        raise StateError(f"{words[0]!r} is not a command here", hint="is its folder on PATH?") from error
