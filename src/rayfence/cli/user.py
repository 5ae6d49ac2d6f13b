"""`rayfence user add|list|remove|passwd|role`."""

from pathlib import Path

import click

from rayfence.cli import options, output
from rayfence.cli.login import read_password

_ROLE = click.Choice(["viewer", "submitter", "operator", "admin"])
_RIGHT = click.Choice(["ray-client", "serve:call"])


@click.group(name="user", epilog="Example:  rayfence user add alice --role submitter --right ray-client")
def command() -> None:
    """Local accounts of an instance. Needs the role admin; who ran `rayfence up` is admin."""


@command.command("add")
@click.argument("user")
@click.option("--role", type=_ROLE, default="viewer", show_default=True, help="What the account may do.")
@click.option("--right", "rights", type=_RIGHT, multiple=True, help="Rights apart from roles (repeatable).")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option(
    "--unsafe-shared-uid",
    is_flag=True,
    help="Add it although job code of one user could read the gateway's keys (see `rayfence status`).",
)
@options.instance
@options.json_output
def add(
    user: str,
    role: str,
    rights: tuple[str, ...],
    password_stdin: bool,
    unsafe_shared_uid: bool,
    name: str | None,
    state_dir: Path | None,
    as_json: bool,
) -> int:
    """Add an account."""
    from rayfence.api import users

    users.refuse_shared_uid(name, state_dir, unsafe_shared_uid)
    password = read_password(f"New password of {user}: ", password_stdin, confirm=True)
    made = users.add(name, state_dir, user, password, role, rights)
    _say(made, as_json, f"added {user} as {role}")
    return 0


@command.command("list")
@options.instance
@options.json_output
def list_(name: str | None, state_dir: Path | None, as_json: bool) -> int:
    """List the accounts."""
    from rayfence.api import users

    listed = users.listed(name, state_dir)
    if as_json:
        output.data({"users": listed})
        return 0
    rows = [(one.name, one.role, ", ".join(one.rights) or "-", output.moment(one.changed)) for one in listed]
    output.table(rows, ("user", "role", "rights", "changed"))
    return 0


@command.command("remove")
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.instance
@options.json_output
def remove(user: str, yes: bool, name: str | None, state_dir: Path | None, as_json: bool) -> int:
    """Remove an account; its tokens stop working at once."""
    from rayfence.api import users

    if not yes and output.is_terminal():
        click.confirm(f"Remove {user!r}?", abort=True, err=True)
    _say(users.remove(name, state_dir, user), as_json, f"removed {user}; its tokens no longer work")
    return 0


@command.command("role")
@click.argument("user")
@click.argument("role", type=_ROLE)
@click.option("--right", "rights", type=_RIGHT, multiple=True, help="The rights it shall have (repeatable).")
@click.option("--no-rights", is_flag=True, help="Take every right away.")
@options.instance
@options.json_output
def role_(
    user: str,
    role: str,
    rights: tuple[str, ...],
    no_rights: bool,
    name: str | None,
    state_dir: Path | None,
    as_json: bool,
) -> int:
    """Change an account's role, and its rights if any are named. Its present tokens stop working."""
    from rayfence.api import users

    changed = users.change_role(name, state_dir, user, role, rights if rights or no_rights else None)
    _say(changed, as_json, f"{user} is {role} now")
    return 0


@command.command("passwd")
@click.argument("user")
@click.option("--password-stdin", is_flag=True, help="Read the new password from standard input.")
@options.instance
@options.json_output
def passwd(user: str, password_stdin: bool, name: str | None, state_dir: Path | None, as_json: bool) -> int:
    """Set an account's password. Your own needs the present one as well: with --password-stdin, a second line."""
    from rayfence.api import users

    password = read_password(f"New password of {user}: ", password_stdin, confirm=True)
    needed = users.is_self(name, state_dir, user)
    present = read_password("Present password: ", password_stdin) if needed else None
    _say(users.change_password(name, state_dir, user, password, present), as_json, f"changed the password of {user}")
    return 0


def _say(answer: object, as_json: bool, text: str) -> None:
    if as_json:
        output.data(answer)
    else:
        output.line(output.clean(text))
