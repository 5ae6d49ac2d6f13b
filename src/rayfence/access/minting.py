"""Submission ids, minted by the gateway: a client's wish, cleaned, and 16 random characters.

A client that could choose the whole id could reuse a deleted job's (and read its former log), squat on one, shape it
like a driver's job id (which Ray later resolves to another job), or leave records behind with `../x`.
"""

import re
import string
from collections.abc import Callable
from typing import Final

DEFAULT_WISH: Final = "raysubmit"
MAX_WISH: Final = 48
SUFFIX_LENGTH: Final = 16  # 36**16: about 82 bits
SUFFIX_ALPHABET: Final = string.ascii_lowercase + string.digits

_MINTED: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_WISH}}}-[a-z0-9]{{{SUFFIX_LENGTH}}}")
_DRIVER: Final = re.compile(r"[0-9a-fA-F]{8}")
_UNWANTED: Final = re.compile(r"[^A-Za-z0-9_-]+")


def sanitize_wish(wish: object) -> str:
    """The part of a wished id that may stand in front: `[A-Za-z0-9_-]`, at most 48 characters, never empty.

    A wish shaped like a driver's job id (eight hex digits) is marked `job-…`: people read prefixes.
    """
    if not isinstance(wish, str):
        return DEFAULT_WISH
    cleaned = _UNWANTED.sub("-", wish[: 4 * MAX_WISH]).strip("-")
    if is_driver_id(cleaned):
        cleaned = f"job-{cleaned}"
    return cleaned[:MAX_WISH].strip("-") or DEFAULT_WISH


def mint_submission_id(wish: object, choose: Callable[[str], str]) -> str:
    """A new submission id. `choose` picks one character of a string at random; pass `secrets.choice`."""
    suffix = "".join(choose(SUFFIX_ALPHABET) for _ in range(SUFFIX_LENGTH))
    return f"{sanitize_wish(wish)}-{suffix}"


def is_minted(submission_id: str) -> bool:
    """Whether an id has the form the gateway mints."""
    return _MINTED.fullmatch(submission_id) is not None


def is_driver_id(job_id: str) -> bool:
    """Whether an id has the form of a driver's job id. Such ids get a 404 that names the submission."""
    return _DRIVER.fullmatch(job_id) is not None
