"""Transcripts: what a person types and exactly what the command answers, as a text file a reviewer can read.

    $ rayfence plan -f platform.yaml --out plan.json     a command; only `rayfence` runs, without a shell
    0> yes                                               a line of its standard input
    ? 3                                                  its exit status; 0 where this line is absent
    1> nothing to do                                     standard output, in full, line by line
    2> rayfence: error: …                                standard error, in full
    ! 2> token                                           no line of that stream contains this text
    exists plan.json                                     a file is there afterwards; `! exists` says the opposite
    -- platform.yaml --                                  after all commands: files to make before the first one

Lines that start with `#` are comments. Where the text varies, a placeholder stands for it (`PLACEHOLDERS`), and the
line `1> <...>` for any number of lines. Each transcript has a folder, a home and XDG folders of its own.

Leaves out: anything that keeps running; those commands are tested with their processes in tests/e2e.
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PLACEHOLDERS: Final[dict[str, str]] = {
    "any": r".*",
    "digest": r"(?:sha256:)?[0-9a-f]{8,64}",
    "id": r"[A-Za-z0-9_.-]+",
    "number": r"\d+",
    "path": r"[^\s'\":,]+",
    "port": r"\d{1,5}",
    "seconds": r"\d+(?:\.\d+)?",
    "time": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?",
    "user": r"[a-z_][a-z0-9_-]*",
    "version": r"\d+(?:\.\w+)+",
}
ANY_LINES: Final = "<...>"
#: A transcript's command that takes longer hangs.
DEADLINE_SECONDS: Final = 60
BIN: Final = Path(sys.executable).parent


class TranscriptError(Exception):
    """A transcript that can't be understood, or that does not hold; the message is for its author."""


@dataclass(slots=True)
class Command:
    """One command with everything the transcript says about it. `streams` has the keys 1 and 2."""

    line: int
    words: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    stdin: list[str] = field(default_factory=list)
    status: int = 0
    streams: dict[int, list[str]] = field(default_factory=lambda: {1: [], 2: []})
    absent: list[tuple[int, str]] = field(default_factory=list)
    files: list[tuple[str, bool]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Transcript:
    """Commands in order, and the files made before the first of them."""

    commands: tuple[Command, ...]
    files: dict[str, str]


def parse(text: str) -> Transcript:
    """Read a transcript. Raises: TranscriptError, with the line number."""
    commands: list[Command] = []
    files: dict[str, str] = {}
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.fullmatch(r"-- (\S+) --", line)
        if header:
            current = header[1]
            files[current] = ""
        elif current:
            files[current] += line + "\n"
        elif line.startswith("$ "):
            commands.append(_command(number, line[2:]))
        elif line.strip() and not line.startswith("#"):
            if not commands:
                raise TranscriptError(f"line {number}: stands before the first command")
            _expect(commands[-1], number, line)
    if not commands:
        raise TranscriptError("holds no command")
    return Transcript(tuple(commands), files)


def _command(number: int, text: str) -> Command:
    words = shlex.split(text)
    environment = {}
    while words and (setting := re.fullmatch(r"((?:RAYFENCE|RAY)_\w+)=(.*)", words[0])):
        environment[setting[1]] = setting[2]
        words.pop(0)
    if not words or words[0] != "rayfence":
        raise TranscriptError(f"line {number}: only rayfence can be run, not {text!r}")
    return Command(number, words, environment)


def _expect(command: Command, number: int, line: str) -> None:
    """Add one expectation line to its command."""
    stream = re.fullmatch(r"(! )?([012])>(?: (.*))?", line)
    exists = re.fullmatch(r"(! )?exists (\S+)", line)
    if stream and stream[1]:
        command.absent.append((int(stream[2]), stream[3] or ""))
    elif stream and stream[2] == "0":
        command.stdin.append(stream[3] or "")
    elif stream:
        command.streams[int(stream[2])].append(stream[3] or "")
    elif exists:
        command.files.append((exists[2], not exists[1]))
    elif re.fullmatch(r"\? \d+", line):
        command.status = int(line[2:])
    else:
        raise TranscriptError(f"line {number}: not understood: {line!r}")


def pattern(lines: list[str], scratch: Path) -> re.Pattern[str]:
    """One expression for a whole stream. `<scratch>` is the transcript's folder; an unknown `<word>` means itself."""
    parts = []
    for line in lines:
        if line == ANY_LINES:
            parts.append(r"(?:.*\n)*")
            continue
        pieces = re.split(r"<([a-z]+)>", line)
        for index in range(1, len(pieces), 2):
            word = pieces[index]
            pieces[index] = re.escape(str(scratch)) if word == "scratch" else PLACEHOLDERS.get(word, f"<{word}>")
        for index in range(0, len(pieces), 2):
            pieces[index] = re.escape(pieces[index])
        parts.append("".join(pieces) + r"[ ]*\n")
    return re.compile("".join(parts))


def run(transcript: Transcript, scratch: Path) -> None:
    """Run every command and compare. Raises: TranscriptError at the first one that answers differently."""
    for name, content in transcript.files.items():
        target = scratch / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    surroundings = _environment(scratch)
    for command in transcript.commands:
        done = subprocess.run(
            [str(BIN / command.words[0]), *command.words[1:]],
            check=False,
            capture_output=True,
            text=True,
            input="".join(f"{line}\n" for line in command.stdin),
            cwd=scratch,
            env=surroundings | command.environment,
            timeout=DEADLINE_SECONDS,
        )
        problems = _problems(command, done, scratch)
        if problems:
            shown = [f"? {done.returncode}"]
            shown += [f"1> {line}" for line in done.stdout.splitlines()]
            shown += [f"2> {line}" for line in done.stderr.splitlines()]
            said = "\n".join(f"    {line}" for line in shown)
            raise TranscriptError(f"line {command.line}: {'; '.join(problems)}; it answered\n{said}")


def _environment(scratch: Path) -> dict[str, str]:
    """Nothing of the person who runs the tests gets in: neither their home nor their session nor their colours."""
    home = scratch / ".home"
    folders = {"HOME": home}
    folders |= {f"XDG_{kind}_HOME": home / kind.lower() for kind in ("CONFIG", "STATE", "CACHE", "DATA")}
    folders["XDG_RUNTIME_DIR"] = home / "run"
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    plain = {"PATH": f"{BIN}:/usr/bin:/bin", "LANG": "C.UTF-8", "COLUMNS": "120", "TERM": "dumb", "NO_COLOR": "1"}
    kept = {name: os.environ[name] for name in ("TMPDIR",) if name in os.environ}
    return {name: str(folder) for name, folder in folders.items()} | plain | kept


def _problems(command: Command, done: subprocess.CompletedProcess[str], scratch: Path) -> list[str]:
    """In which respects an answer differs from the transcript."""
    streams = {1: done.stdout, 2: done.stderr}
    problems = []
    if done.returncode != command.status:
        problems.append(f"exit status {done.returncode}, expected {command.status}")
    for number, said in streams.items():
        whole = said if not said or said.endswith("\n") else said + "\n"
        if not pattern(command.streams[number], scratch).fullmatch(whole):
            problems.append(f"stream {number} differs")
    problems += [f"stream {number} contains {text!r}" for number, text in command.absent if text in streams[number]]
    for name, expected in command.files:
        if (scratch / name).exists() is not expected:
            problems.append(f"{name} {'is missing' if expected else 'exists'}")
    return problems
