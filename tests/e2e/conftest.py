"""One running instance for all end-to-end tests of a session, and its people."""

import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from tests.e2e.stack import ENDED, JOB_SECONDS, Person, Stack
from tests.e2e.traces import traces


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Started once; taken down and deleted at the end, whatever happens, and then nothing of it is left."""
    root = Path(tempfile.mkdtemp(prefix="rayfence-e2e-"))
    made = Stack.at(root, "e2e")
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        made.up()
        made.add("alice", "submitter", "ray-client")
        made.add("bob", "submitter")
        made.add("vera", "viewer")
        made.add("olga", "operator", "serve:call")
        yield made
        record = made.record
        made.down()
        assert traces(record) == []
        assert list((root / "state").glob("e2e*")) == [], "purged"
    finally:
        made.down()
        shutil.rmtree(root)
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """`timeout` and supervisors of tests end them so: unwind as on Ctrl-C."""
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
def alice(stack: Stack) -> Person:
    """A submitter who may also use Ray Client; logged in at a terminal."""
    stack.people["alice"].log_in()
    return stack.people["alice"]


@pytest.fixture(scope="session")
def bob(stack: Stack) -> Person:
    """Another submitter; logged in at a terminal."""
    stack.people["bob"].log_in()
    return stack.people["bob"]


@pytest.fixture(scope="session")
def vera(stack: Stack) -> Person:
    """A viewer."""
    return stack.people["vera"]


@pytest.fixture(scope="session")
def olga(stack: Stack) -> Person:
    """An operator who may also call Serve applications."""
    return stack.people["olga"]


@pytest.fixture(scope="session")
def ended() -> Callable[[Person, str], str]:
    """Wait until a job has ended; returns how."""

    def wait(person: Person, job: str) -> str:
        deadline = time.monotonic() + JOB_SECONDS
        while (status := str(person.job(job)["status"])) not in ENDED:
            assert time.monotonic() < deadline, f"{job} is still {status}"
            time.sleep(0.3)
        return status

    return wait
