"""Names of local accounts: one spelling each, no folding."""

import re
from typing import Final

#: Lower case only, so that `Alice`, `alice` and their Unicode look-alikes can't be two accounts or one by surprise.
NAME: Final = re.compile(r"[a-z][a-z0-9._-]{0,31}")


def is_name(text: str) -> bool:
    """Whether `text` may name a local account."""
    return NAME.fullmatch(text) is not None
