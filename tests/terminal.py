"""A shell on a pseudo-terminal, one command at a time: for commands that ask, and for those that build on another.

Covers: answering prompts, exit statuses, what was shown. Leaves out: full-screen programs.
"""

import contextlib
import os
import pty
import re
import select
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_MARK: Final = "\x01done "
#: A prompt is unfinished output like this, with nothing after it.
_QUESTION: Final = re.compile(r"(?i)(?:(?:password|\[y/n\])[^\r\n]*: ?|confirmation[^\r\n]*)$")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command printed (both streams, as a person sees them) and its exit status."""

    text: str
    status: int


class Terminal:
    """One bash with an environment of its own. Leaving the context hangs up and ends it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = dict(environment)
        self._pid = -1
        self._screen = -1

    def __enter__(self) -> Self:
        """Start the shell."""
        self._pid, self._screen = pty.fork()
        if self._pid == 0:  # the child
            os.chdir(self._folder)
            # Printed when bash waits for the next command; typed ahead instead, the mark would answer a question.
            mark = {"PROMPT_COMMAND": r"printf '\001done %s\n' $?", "PS1": "", "PS2": "", "TERM": "dumb"}
            environment = self._environment | mark
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "--noediting"], environment)  # noqa: S606
        self._until_done(30, "")
        self.run("stty -echo -onlcr cols 200; set -o pipefail; set +o history +H")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up, and wait for the shell."""
        os.close(self._screen)
        os.kill(self._pid, signal.SIGHUP)
        os.waitpid(self._pid, 0)

    def run(self, command: str, *, answer: str = "", seconds: float = 60) -> Shown:
        """Type a command, give `answer` to every question it asks, and return what it showed. Raises: TimeoutError."""
        os.write(self._screen, f"{command}\n".encode())
        try:
            return self._until_done(seconds, answer)
        except TimeoutError:
            os.write(self._screen, b"\x03")  # so that a later command can still clean up
            with contextlib.suppress(TimeoutError):
                self._until_done(10, "")
            raise

    def _until_done(self, seconds: float, answer: str) -> Shown:
        seen, answered, deadline = "", 0, time.monotonic() + seconds
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self._screen], [], [], 0.2)
            if ready:
                seen += os.read(self._screen, 65536).decode(errors="replace")
            done = re.search(rf"{_MARK}(\d+)\r?\n", seen)
            if done:
                return Shown(seen[: done.start()], int(done[1]))
            if not ready and answer and _QUESTION.search(seen[answered:]):
                answered = len(seen)
                os.write(self._screen, f"{answer}\n".encode())
        raise TimeoutError(f"still running after {seconds:.0f} s; it showed: {seen[-2000:]}")
