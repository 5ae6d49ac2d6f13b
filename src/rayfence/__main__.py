"""`python -m rayfence`, and the program `rayfence`: small, so that Ctrl-C while everything else loads is caught too."""

import sys


def main() -> None:
    """Load the command line and run it; exits with its status.

    Interrupted before it could do anything, it says so in a line: loading takes long enough to be interrupted.
    """
    try:
        from rayfence.cli import program as run  # noqa: PLC0415 - under the `try` that it is here for

        run()
    except KeyboardInterrupt:
        sys.stderr.write("rayfence: interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
