"""`rayfence render`."""

from pathlib import Path

import click

from rayfence.cli import options, output


@click.command(epilog="Examples:  rayfence render -o rendered/  ·  rayfence render -f platform.yaml --json")
@options.spec_file
@options.instance
@options.json_output
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write files here.",
)
def command(spec: Path | None, name: str | None, state_dir: Path | None, as_json: bool, folder: Path | None) -> int:
    """Write the objects and configuration that `up` would make. No secret is in them: only requests for secrets."""
    from rayfence.api.plan import make_plan
    from rayfence.api.render import rendered_files, write_rendered

    planned = make_plan(spec, name, state_dir)
    if as_json:
        output.data(planned.desired)
        return 0
    if folder is None:
        for path, content in rendered_files(planned.desired):
            output.heading(f"# {path}")
            output.line(content.rstrip())
        return 0
    for written in write_rendered(planned.desired, folder):
        output.line(str(written))
    return 0
