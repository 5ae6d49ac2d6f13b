"""The command line: one file per verb, loaded when it is used."""

from rayfence.cli.entry import main, program

__all__ = ["main", "program"]
