"""Reading a trail's files, for the command line: chains, heads, keys, and following what is being written. Never
writes.

Leaves out what the lines mean (`rayfence.trail`) and writing them (the gateway). Takes no lock: a writer may be at
work.
"""

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from rayfence.errors import StateError
from rayfence.trail.heads import PublicKeys, read_public_keys
from rayfence.trail.lines import BLOCK, last_lines, whole_lines, whole_size
from rayfence.trail.naming import HEADS_SUFFIX, chain_of, ordinal_of, segment_order

#: Between two looks for new records.
LOOK_SECONDS: Final = 0.2


class TrailFiles:
    """One instance's trail: `folder` holds the segments, `heads_folder` the signed heads and their keys."""

    def __init__(self, folder: Path, heads_folder: Path) -> None:
        self._folder = folder
        self._heads_folder = heads_folder

    def chains(self) -> tuple[str, ...]:
        """Every chain that has segments or heads, oldest first. A chain with heads only was deleted.

        Raises StateError.
        """
        names = [*_names(self._folder), *_names(self._heads_folder)]
        return tuple(sorted({chain for name in names if (chain := chain_of(name))}, key=lambda c: (ordinal_of(c), c)))

    def segments(self, chain: str = "") -> tuple[Path, ...]:
        """Segments of `chain`, or of all chains, in the order they were written. Raises StateError."""
        names = segment_order(_names(self._folder))
        return tuple(self._folder / name for name in names if not chain or chain_of(name) == chain)

    def lines(self, chain: str = "") -> Iterator[bytes]:
        """Every line of `chain`, or of all chains one after the other, each with its newline. Raises StateError."""
        for path in self.segments(chain):
            try:
                with path.open("rb", buffering=BLOCK) as file:
                    yield from file
            except OSError as error:
                raise StateError(f"{path} can't be read: {error.strerror}") from error

    def last_lines(self, count: int) -> list[bytes]:
        """The newest `count` whole lines, oldest first, read from the end. Raises StateError."""
        found: list[bytes] = []
        for path in reversed(self.segments()):
            if len(found) >= count:
                break
            found = last_lines(_size(path), partial(_read, path), count - len(found)) + found
        return found

    def heads(self, chain: str) -> tuple[bytes, ...]:
        """Lines of the heads of `chain`; empty when there are none."""
        path = self._heads_folder / f"{chain}{HEADS_SUFFIX}"
        try:
            return tuple(line for line in path.read_bytes().split(b"\n") if line)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StateError(f"{path} can't be read: {error.strerror}") from error

    def public_keys(self, pinned: Path | None = None) -> PublicKeys:
        """Keys that may sign heads: `pinned`, a copy kept elsewhere, or else those beside the heads.

        Raises StateError.
        """
        paths = (
            [pinned] if pinned else [self._heads_folder / n for n in _names(self._heads_folder) if n.endswith(".pem")]
        )
        try:
            return read_public_keys(path.read_bytes() for path in paths)
        except (OSError, ValueError) as error:
            raise StateError(f"a public key of the trail's heads can't be read: {error}") from error

    def follow(self, is_over: Callable[[], bool], look_seconds: float = LOOK_SECONDS) -> Iterator[bytes]:
        """Whole lines written from now on, across segments and chains, until `is_over()`. Raises StateError."""
        segments = self.segments()
        path = segments[-1] if segments else None
        offset = whole_size(_size(path), partial(_read, path)) if path else 0
        while not is_over():
            segments = self.segments()
            if path is None and segments:
                path = segments[0]
            block = _read(path, offset) if path else b""
            whole = block.rfind(b"\n") + 1
            if whole:
                offset += whole
                yield from whole_lines(block)
            elif path and segments and path != segments[-1]:
                # The writer never comes back to a segment it has left.
                path = segments[segments.index(path) + 1] if path in segments else segments[-1]
                offset = 0
            else:
                time.sleep(look_seconds)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names only
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StateError(f"{folder} can't be read: {error.strerror}") from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise StateError(f"{path} can't be read: {error.strerror}") from error


def _read(path: Path, offset: int, size: int = BLOCK) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(size)
    except OSError as error:
        raise StateError(f"{path} can't be read: {error.strerror}") from error
