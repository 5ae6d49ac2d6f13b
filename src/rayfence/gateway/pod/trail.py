"""`python -m rayfence.gateway.pod.trail SETTINGS copy|tail COUNT|follow COUNT`: a replica's trail on standard output.

Run in the pod by whoever may run programs there, who could read the files anyway. `copy` writes a tar archive of the
chains, their heads and the public keys of these, as they are on the volume: what verifies them is not this pod. `tail`
writes the newest lines as they are, `follow` also those that come.

Leaves out what lines mean (`rayfence.trail`), and who may ask over HTTP (`login.trail_api`). It shares the memory of
the service that runs: it imports little, and never holds more than a block or the lines asked for. `follow` ends with
its standard input, or when nothing comes there any more: nobody ends a program in a pod when its reader goes.
"""

import io
import json
import os
import select
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from rayfence.trail.lines import BLOCK, last_lines, whole_lines, whole_size
from rayfence.trail.naming import chain_of, segment_order

_LOOK_SECONDS: Final = 0.2
#: A reader says something every 20 seconds.
SILENCE_SECONDS: Final = 90.0
_USAGE: Final = "usage: python -m rayfence.gateway.pod.trail SETTINGS copy|tail COUNT|follow COUNT\n"


def copy(chains: Path, heads: Path, out: BinaryIO) -> None:
    """A tar archive: `chains/…` and `heads/…`. Raises OSError."""
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.GNU_FORMAT) as archive:
        # Heads first: a head that is written meanwhile would vouch for records that the copy does not have.
        for folder, path in (*_listed(heads, "heads"), *_listed(chains, "chains")):
            with path.open("rb") as file:
                size = path.stat().st_size
                member = tarfile.TarInfo(f"{folder}/{path.name}")
                member.size = size
                archive.addfile(member, io.BytesIO() if size == 0 else _Whole(file, size))


def tail(chains: Path, count: int) -> Iterator[bytes]:
    """The newest `count` whole lines, oldest first. Raises OSError."""
    found: list[bytes] = []
    for path in reversed(_segments(chains)):
        if len(found) >= count:
            break
        found = last_lines(_size(path), partial(_read, path), count - len(found)) + found
    yield from found


def follow(chains: Path, count: int, is_over: Callable[[float], bool]) -> Iterator[bytes]:
    """The newest `count` whole lines, then those that come. `is_over` waits so many seconds, and says whether to end.

    Raises OSError.
    """
    segments = _segments(chains)
    path = segments[-1] if segments else None
    offset = whole_size(_size(path), partial(_read, path)) if path else 0
    yield from tail(chains, count)
    over = False
    while not over:
        segments = _segments(chains)
        if path is None and segments:
            path = segments[0]
        data = _read(path, offset) if path else b""
        whole = data.rfind(b"\n") + 1
        if whole:
            offset += whole
            yield from whole_lines(data)
        elif path and segments and path != segments[-1]:
            # The writer never comes back to a segment it has left.
            path = segments[segments.index(path) + 1] if path in segments else segments[-1]
            offset = 0
        else:
            over = is_over(_LOOK_SECONDS)


class _Whole(io.RawIOBase):
    """The first `size` bytes of a file that may grow; zeros for what is missing, or the archive would lose its step."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        super().__init__()
        self._file, self._left = file, size

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        data += bytes(wanted - len(data))
        self._left -= wanted
        return data


class Reader:
    """Who reads, as standard input tells: it says something from time to time, and ends with them."""

    def __init__(self, descriptor: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._descriptor = descriptor
        self._clock = clock
        self._heard = clock()

    def is_gone(self, seconds: float) -> bool:
        """Wait so long for a word, and say whether nobody reads any more."""
        if select.select([self._descriptor], [], [], seconds)[0]:
            self._heard = self._clock()
            return not os.read(self._descriptor, 1024)
        return self._clock() - self._heard > SILENCE_SECONDS


def _listed(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.iterdir()):
        if chain_of(path.name) or (name == "heads" and path.suffix == ".pem"):
            yield name, path


def _segments(chains: Path) -> list[Path]:
    return [chains / name for name in segment_order(path.name for path in chains.iterdir())]


def _size(path: Path) -> int:
    return path.stat().st_size


def _read(path: Path, offset: int, size: int = BLOCK) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(size)


def main(arguments: list[str], out: BinaryIO | None = None) -> int:
    """0 when it is written, or nobody reads any more; 1: it can't be read; 2: called wrongly."""
    settings, *words = arguments or [""]
    counted = len(words) == 2 and words[0] in {"tail", "follow"} and words[1].isdecimal()
    if not settings or not (counted or words == ["copy"]):
        sys.stderr.write(_USAGE)
        return 2
    stream = out or sys.stdout.buffer
    try:
        first = json.loads(Path(settings).read_text(encoding="utf-8"))["served"][0]
        chains = Path(first["trail_dir"])
        if words[0] == "copy":
            copy(chains, Path(first["trail_heads_dir"]), stream)
        elif words[0] == "tail":
            stream.writelines(tail(chains, int(words[1])))
        else:
            for line in follow(chains, int(words[1]), Reader().is_gone):
                stream.write(line)
                stream.flush()
        stream.flush()
    except BrokenPipeError:
        return 0
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        sys.stderr.write(f"the trail can't be read: {type(error).__name__}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
