"""The command line: one file per verb, loaded when it is used."""

from rayfence.cli.entry import main

__all__ = ["main"]
