"""`ray.init("ray://…")` through the gateway: with the right, and without it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.stack import Person

pytestmark = [pytest.mark.ray, pytest.mark.exhaustive]
#: What Ray says when a server of its own for one client did not start within its own limit, as on a busy machine.
RAYS_LIMIT = "Starting Ray client server failed"
PROGRAM = Path(__file__).parent / "programs" / "client.py"


def connect(person: Person, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the program as `person`; both streams as one."""
    port = str(person.stack.record.ports.ray_client)
    words = [str(Path(sys.executable).with_name("rayfence")), "exec", "--", sys.executable, str(PROGRAM), port]
    return subprocess.run(
        words,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        env={**person.environment, **more},
    )


def test_results_and_remote_prints_arrive(alice: Person) -> None:
    done = connect(alice)
    if RAYS_LIMIT in done.stdout:
        done = connect(alice)
    assert done.returncode == 0, done.stdout
    assert "squares [0, 1, 4, 9]" in done.stdout
    assert "bytes 3000000" in done.stdout
    assert "said remotely 3" in done.stdout, done.stdout


def test_without_the_right_it_is_refused_in_bounded_time(bob: Person) -> None:
    began = time.monotonic()
    done = connect(bob, RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S="1")
    assert done.returncode == 3, done.stdout
    assert "refused after" in done.stdout
    assert "squares" not in done.stdout
    assert time.monotonic() - began < 120
