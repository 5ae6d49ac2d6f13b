"""A real door without a Ray behind it: Envoy and the gateway service of a real instance, started by the real keeper.

For all that is about logging in, accounts, tokens, the trail and an instance's life; ready in a few seconds. What
needs Ray itself is tested end to end.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rayfence.adapters import files
from rayfence.api.instances import Record, record_json, require_record
from rayfence.api.machine import LocalMachine
from rayfence.api.plan import Planned, plan_platform
from rayfence.apply import execute
from rayfence.cli.entry import rayfence
from rayfence.plan.diff import diff
from rayfence.render.local.layout import Layout
from rayfence.spec import DEFAULT_SPEC, load_local

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Door:
    """A running door. `state` is the folder of instances; `name` the instance."""

    state: Path
    name: str
    planned: Planned

    @property
    def record(self) -> Record:
        return require_record(self.name, self.state)

    @property
    def machine(self) -> LocalMachine:
        return LocalMachine(self.planned.resolution, self.planned.desired)

    def run(self, *words: str, stdin: str = "") -> Result:
        """One command line against this instance, exceptions let through."""
        command = [*words, "--name", self.name, "--state-dir", str(self.state)]
        return CliRunner().invoke(rayfence, command, input=stdin, catch_exceptions=False, standalone_mode=False)

    def ok(self, *words: str, stdin: str = "") -> str:
        """Standard output of a command that must succeed."""
        result = self.run(*words, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout


@contextmanager
def open_door(folder: Path, name: str = "door") -> Iterator[Door]:
    """Bring a door up in `folder` and take it down again."""
    text = f"{DEFAULT_SPEC}metadata: {{name: {name}}}\n"
    planned = _without_ray(plan_platform(load_local(text), text, folder))
    machine = LocalMachine(planned.resolution, planned.desired)
    host = planned.resolution.host
    layout = Layout(host.places)
    machine.make_folder(planned.desired.folders[0])
    record = Record(name, host.user, host.places, host.ports, host.ray_uid, host.namespaces)
    files.write_file(layout.instance, record_json(record), os.geteuid(), os.getegid())
    files.write_file(layout.spec, text, os.geteuid(), os.getegid())
    try:
        execute(planned.plan, planned.desired, machine, lambda _text: None)
        yield Door(folder, name, planned)
    finally:
        machine.stop()
        for path in (host.places.runtime, host.places.ray):
            files.remove_folder(path)


def _without_ray(planned: Planned) -> Planned:
    processes = tuple(spec for spec in planned.desired.processes if not spec.name.startswith("ray-"))
    desired = replace(planned.desired, processes=processes)
    observed = LocalMachine(planned.resolution, desired).observe(desired)
    return replace(planned, desired=desired, plan=diff(desired, observed))


@pytest.fixture(scope="session")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One door for all tests of a run, with the client's own folders apart from the user's."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.setenv(variable, str(home / variable.lower()))
        patch.setenv("HOME", str(home))
        with open_door(tmp_path_factory.mktemp("instances")) as opened:
            yield opened


@pytest.fixture(scope="session")
def ada(door: Door) -> str:
    """A submitter's name; the password is `PASSWORD`."""
    door.ok("user", "add", "ada", "--role", "submitter", "--password-stdin", stdin=f"{PASSWORD}\n")
    return "ada"


@pytest.fixture
def as_ada(door: Door, ada: str) -> Iterator[str]:
    """Logged in as `ada` for one test."""
    door.ok("login", ada, "--password-stdin", stdin=f"{PASSWORD}\n")
    yield ada
    door.ok("logout")
