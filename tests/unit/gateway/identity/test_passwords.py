"""Hashes are argon2id, two at once, with a bounded queue; nobody's password never matches."""

import asyncio
import threading
from typing import Literal

import pytest
from argon2 import PasswordHasher

from rayfence.gateway.answers import Refused
from rayfence.gateway.identity.passwords import Passwords, weakness
from tests.sim.gateway import CHEAP

pytestmark = pytest.mark.anyio


async def test_right_wrong_and_nobody() -> None:
    passwords = Passwords(CHEAP)
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$")
    assert await passwords.matches(stored, "correct horse")
    assert not await passwords.matches(stored, "wrong")
    assert not await passwords.matches(None, "nobody's password")
    assert not await passwords.matches("not a hash", "x")
    passwords.close()


async def test_one_password_typed_in_two_ways() -> None:
    passwords = Passwords(CHEAP)
    assert await passwords.matches(await passwords.hash("caf\u00e9 noir"), "cafe\u0301 noir")
    passwords.close()


async def test_the_real_parameters_cost_something() -> None:
    passwords = Passwords()
    assert "m=65536,t=2,p=1" in await passwords.hash("correct horse")
    passwords.close()


class Counting(PasswordHasher):
    """Counts how many hashes run at once; each waits until told."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.lock = threading.Lock()
        self.running = self.most = 0
        self.go = threading.Event()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        """See argon2."""
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.go.wait(10)
        with self.lock:
            self.running -= 1
        return True


async def test_two_at_once_a_short_queue_and_no_more() -> None:
    hasher = Counting()
    passwords = Passwords(hasher)
    checks = [asyncio.ensure_future(passwords.matches("h", "p")) for _ in range(30)]
    await asyncio.sleep(0.05)
    assert passwords.full
    hasher.go.set()
    results = await asyncio.gather(*checks, return_exceptions=True)
    refused = [result for result in results if isinstance(result, Refused)]
    assert len(refused) == 20
    assert all(result.status == 503 for result in refused)
    assert hasher.most == 2
    passwords.close()


@pytest.mark.parametrize(
    ("password", "weak"),
    [
        ("short", True),
        ("a" * 12, True),
        ("alice-2026", False),
        ("Alice-2026", False),
        ("x" * 300, True),
        ("abcdefgh", False),
    ],
)
def test_weakness(password: str, weak: bool) -> None:
    assert bool(weakness(password, "alice")) is weak
    assert weakness("Alicealice", "alicealice")
