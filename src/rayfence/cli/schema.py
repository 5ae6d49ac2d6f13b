"""`rayfence schema`."""

import click

from rayfence.cli import output


@click.command(epilog="Example:  rayfence schema > platform.schema.json")
def command() -> int:
    """Print the JSON Schema of the spec, for editors and CI."""
    from rayfence.spec import json_schema

    output.data(json_schema())
    return 0
