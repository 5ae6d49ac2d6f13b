"""`python -m rayfence`."""

from rayfence.cli import main

main()
