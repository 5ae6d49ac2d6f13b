"""Names of the trail's files, which writer and readers must agree on. Pure: names only.

`<chain>-<first seq, 12 digits>.jsonl` is a segment; `<chain>.heads.jsonl` holds a chain's heads, `<kid>.pem` a key
that signs them. A chain is `<ordinal>-<12 hex>`: later chains of one folder have higher ordinals.
"""

import re
from collections.abc import Iterable
from typing import Final

HEADS_SUFFIX: Final = ".heads.jsonl"

_SEGMENT: Final = re.compile(r"(?P<chain>[0-9]{4,8}-[0-9a-f]{12})-(?P<first>[0-9]{12,18})\.jsonl")
_HEADS: Final = re.compile(r"(?P<chain>[0-9]{4,8}-[0-9a-f]{12})\.heads\.jsonl")


def segment_name(chain: str, first: int) -> str:
    """File name of the segment of `chain` that begins with record `first`."""
    return f"{chain}-{first:012d}.jsonl"


def chain_of(name: str) -> str:
    """The chain that a segment's or heads' file name speaks of; "" for any other name."""
    found = _SEGMENT.fullmatch(name) or _HEADS.fullmatch(name)
    return found["chain"] if found else ""


def first_of(name: str) -> int:
    """The first record of a segment, by its name; -1 for any other name."""
    found = _SEGMENT.fullmatch(name)
    return int(found["first"]) if found else -1


def segment_order(names: Iterable[str]) -> list[str]:
    """The segments among `names`, in the order they were written."""
    found = [name for name in names if _SEGMENT.fullmatch(name)]
    return sorted(found, key=lambda name: (ordinal_of(chain_of(name)), chain_of(name), first_of(name)))


def ordinal_of(chain: str) -> int:
    """The place of a chain among those of its folder."""
    return int(chain.partition("-")[0])
