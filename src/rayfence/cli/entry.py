"""The entry point: finds the verb, runs it, turns every outcome into an exit status.

Exit status: 0 done · 1 a check failed · 2 wrong usage · 3 the spec is wrong · 4 the machine or the state can't hold
it, or nothing was changed in a cluster · 5 a process or a cluster failed · 6 the gateway or the API server refused ·
10 `plan`, `diff`, dry runs: changes are pending · 74 the output can't be written · 130 interrupted · 141 the reader of
the output has gone.
"""

import errno
import gc
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NoReturn

import click

from rayfence import __version__
from rayfence.cli import output
from rayfence.errors import RayfenceError

#: Section -> verb -> (module, one line). The one list of verbs; help is printed from it without importing any.
VERBS: Final = {
    "Platform": {
        "init": ("init", "Write a commented, minimal, valid spec."),
        "plan": ("plan", "Show what `up` would make and why; change nothing."),
        "apply": ("apply", "Make a cluster what the spec says, in order, waiting for each part."),
        "diff": ("diff", "Show how the live cluster differs from the spec, and who changed it."),
        "destroy": ("destroy", "Take a platform out of its cluster, and leave nothing."),
        "explain": ("explain", "Say why a setting is as it is, and what would change it."),
        "render": ("render", "Write the objects and configuration that would be made."),
        "up": ("up", "Start a secured Ray on this machine, or repair it."),
        "status": ("status", "Look at an instance now: parts, addresses, security posture."),
        "restart": ("restart", "Stop and start; renews the certificates of Ray's nodes."),
        "renew": ("renew", "Renew the gateway's certificate when it ages; done by itself as well."),
        "logs": ("logs", "Print or follow the logs of the instance's own processes."),
        "down": ("down", "Stop an instance and leave nothing running."),
        "verify": ("verify", "Attack the instance and show that its defences hold."),
        "schema": ("schema", "Print the JSON Schema of the spec, for editors."),
    },
    "Use Ray": {
        "login": ("login", "Log in to a gateway."),
        "logout": ("logout", "End the session at the gateway and forget it here."),
        "whoami": ("whoami", "Show who the gateway takes you for."),
        "token": ("token", "Print a short-lived token."),
        "env": ("env", "Print the environment that points Ray's own tools at the gateway."),
        "exec": ("exec_", "Run one command in that environment."),
    },
    "Administer": {
        "user": ("user", "Add, list, remove local accounts; change roles and passwords."),
        "trail": ("trail", "Read, verify and export the audit trail."),
    },
}


#: The disk, or one's share of it, is full: nobody's defect.
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class ReaderGone(Exception):
    """Nobody reads what is printed any more."""


class VerbGroup(click.Group):
    """A group whose commands are imported when they are run: `rayfence --help` loads none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, by section."""
        return [verb for verbs in VERBS.values() for verb in verbs]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb's module and return its `command`."""
        for verbs in VERBS.values():
            if cmd_name in verbs:
                command = import_module(f"rayfence.cli.{verbs[cmd_name][0]}").command
                if not isinstance(command, click.Command):
                    raise TypeError(f"rayfence.cli.{verbs[cmd_name][0]}.command is no click command")
                return command
        return None

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb. A reader that has gone (`| head`) is told by another name, or click would exit with 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as gone:
            raise ReaderGone from gone

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest verb for an unknown one."""
        known = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in known:
            from difflib import get_close_matches

            near = get_close_matches(args[0], known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the list by section, from the table alone."""
        for section, verbs in VERBS.items():
            with formatter.section(section):
                formatter.write_dl([(verb, line) for verb, (_, line) in verbs.items()])


@click.command(
    cls=VerbGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Examples:  rayfence up  ·  rayfence exec -- ray job submit -- python job.py  ·  rayfence down",
)
@click.version_option(__version__, prog_name="rayfence")
def rayfence() -> None:
    """Ray made safe: identity, roles, ownership, proof and a trail in front of Ray, from one spec."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run and exit. The only place where exceptions become text and a status."""
    # Loading code makes thousands of objects that live to the end: looking through them takes a tenth of a plan's time.
    gc.set_threshold(300_000, 20, 20)
    try:
        result = rayfence.main(args=None if argv is None else list(argv), prog_name="rayfence", standalone_mode=False)
        sys.stdout.flush()
        status = result if isinstance(result, int) else 0
    except click.exceptions.Exit as leaving:
        status = leaving.exit_code
    except click.ClickException as wrong:
        wrong.show()
        status = wrong.exit_code
    except (KeyboardInterrupt, click.Abort):
        output.note("interrupted")
        status = 130
    except RayfenceError as error:
        output.error(error)
        status = error.exit_status
    except (ReaderGone, BrokenPipeError):
        # The reader (`| head`) has gone: end as a tool does that the signal ends. Point stdout elsewhere, or the
        # interpreter complains while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    except Exception as unexpected:
        if os.environ.get("RAYFENCE_DEBUG"):
            raise
        if isinstance(unexpected, OSError) and unexpected.errno in _FULL:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            output.note(f"error: the output can't be written: {unexpected.strerror}")
            status = 74
        else:
            output.crash(unexpected)
            status = 70
    gc.freeze()  # the interpreter looks for cycles several times while it ends; nothing of ours needs it
    sys.exit(status)


def program() -> NoReturn:
    """`main` as all that a process does."""
    try:
        main()
    finally:
        # All is said: an interruption from here on would only add what the interpreter says of itself.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
