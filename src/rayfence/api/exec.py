"""Hand this process over to another command."""

import os
from collections.abc import Mapping, Sequence
from typing import NoReturn


def replace_process(words: Sequence[str], variables: Mapping[str, str]) -> NoReturn:
    """Become `words` with `variables` added to the environment: signals and exit status are then the command's own.

    Raises FileNotFoundError when there is no such command.
    """
    os.execvpe(words[0], list(words), {**os.environ, **variables})  # noqa: S606 - the user's own command, as given
