"""One instance made with `rayfence up` in scratch folders, and people who use it, each with a home of their own.

Everything goes through the product's own command line or its published API; nothing here knows Ray's token.
"""

import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import httpx2

from rayfence.adapters.gateway import GatewayClient
from rayfence.api.instances import Record, require_record
from rayfence.api.session import local_server
from rayfence.render.local.layout import Layout

BIN: Final = Path(sys.executable).parent
PASSWORD: Final = "correct horse 41 battery"
#: Of a start or a job on a busy machine; no test asserts how fast either is.
START_SECONDS: Final = 300
JOB_SECONDS: Final = 240
ENDED: Final = frozenset({"SUCCEEDED", "FAILED", "STOPPED"})
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


def environment_of(home: Path, **more: str) -> dict[str, str]:
    """A clean environment that keeps everything a program writes for its user below `home`."""
    home.mkdir(mode=0o700, exist_ok=True)
    folders = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "STATE", "CACHE", "DATA")}
    path = f"{BIN}:{os.environ.get('PATH', os.defpath)}"
    return {
        "HOME": str(home),
        "PATH": path,
        "LANG": "C.UTF-8",
        "NO_PROXY": "*",
        "PYTHONUNBUFFERED": "1",
        **folders,
        **more,
    }


@dataclass(frozen=True)
class Person:
    """Somebody with an account, and the tools they know. `token` is for the API hosts."""

    stack: "Stack"
    name: str
    environment: Mapping[str, str]

    @cached_property
    def session(self) -> str:
        """A session at the log-in host."""
        with GatewayClient(local_server(self.stack.record)) as client:
            return str(client.session({"username": self.name, "password": PASSWORD})["session"])

    @cached_property
    def token(self) -> str:
        """A token for the API hosts with all that the account holds."""
        with GatewayClient(local_server(self.stack.record), self.session) as client:
            return str(client.token(None, None, None)["token"])

    @cached_property
    def http(self) -> httpx2.Client:
        """The API host, with this person's token."""
        return self.stack.client({"authorization": f"Bearer {self.token}"})

    def rayfence(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """One of our own commands, as this person."""
        return self.stack.run(*words, stdin=stdin, environment=self.environment)

    def log_in(self) -> None:
        """As people do it."""
        done = self.rayfence("login", self.name, "--password-stdin", stdin=f"{PASSWORD}\n")
        assert done.returncode == 0, done.stderr

    def bash(self, command: str, seconds: float = JOB_SECONDS) -> subprocess.CompletedProcess[str]:
        """A command in a bash that is pointed at the gateway, both streams as one text without colours."""
        words = ["bash", "-c", f'eval "$(rayfence env)" && {command}']
        done = subprocess.run(
            words,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=seconds,
            env=self.environment,
            cwd=self.environment["HOME"],
        )
        done.stdout = _COLOURS.sub("", done.stdout)
        return done

    def submit(self, entrypoint: str, **wish: Any) -> str:
        """A job's id, through the Jobs API."""
        answer = self.http.post("/api/jobs/", json={"entrypoint": entrypoint, **wish})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["submission_id"])

    def job(self, job: str) -> dict[str, Any]:
        """Its details as this person sees them."""
        answer = self.http.get(f"/api/jobs/{job}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def logs(self, job: str) -> str:
        """All of its log until now."""
        answer = self.http.get(f"/api/jobs/{job}/logs")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["logs"])


@dataclass(frozen=True)
class Stack:
    """An instance in `root`, made and used by the OS user who runs the tests."""

    root: Path
    name: str
    environment: Mapping[str, str]
    people: dict[str, Person] = field(default_factory=dict)

    @classmethod
    def at(cls, root: Path, name: str) -> "Stack":
        """Not started yet."""
        environment = environment_of(root / "operator", RAYFENCE_STATE_DIR=str(root / "state"), RAYFENCE_NAME=name)
        return cls(root, name, environment)

    @property
    def record(self) -> Record:
        """What the instance wrote down about itself."""
        return require_record(self.name, self.root / "state")

    @property
    def layout(self) -> Layout:
        """Where its files lie."""
        return Layout(self.record.places)

    @property
    def url(self) -> str:
        """The API host."""
        return f"https://localhost:{self.record.ports.gateway}"

    def origin(self, surface: str) -> str:
        """The dashboard's or the log-in host's origin."""
        return f"https://{surface}.{self.name}.localhost:{self.record.ports.gateway}"

    def run(
        self, *words: str, stdin: str = "", seconds: float = START_SECONDS, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """`rayfence …`, by default as who made the instance."""
        return subprocess.run(
            [str(BIN / "rayfence"), *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds,
            input=stdin,
            env=dict(environment or self.environment),
        )

    def up(self, *words: str) -> dict[str, Any]:
        """`up --json`; its status."""
        done = self.run("up", "--json", *words)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def status(self) -> dict[str, Any]:
        """`status --json`, whatever its exit status."""
        found: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return found

    def down(self) -> None:
        """Stop it and delete it; safe to repeat, and when it never started."""
        done = self.run("down", "--purge", "--yes")
        assert done.returncode == 0, done.stderr

    def client(self, headers: Mapping[str, str], base: str = "") -> httpx2.Client:
        """Trusts the instance's own authority and nothing else."""
        context = ssl.create_default_context(cafile=self.layout.front_ca)
        return httpx2.Client(
            base_url=base or self.url, headers=dict(headers), verify=context, timeout=90, trust_env=False
        )

    def add(self, name: str, role: str, *rights: str) -> Person:
        """An account, and the person who has it."""
        words = [word for right in rights for word in ("--right", right)]
        done = self.run("user", "add", name, "--role", role, *words, "--password-stdin", stdin=f"{PASSWORD}\n")
        assert done.returncode == 0, done.stderr
        environment = environment_of(
            self.root / name, RAYFENCE_STATE_DIR=str(self.root / "state"), RAYFENCE_NAME=self.name
        )
        self.people[name] = Person(self, name, environment)
        return self.people[name]
