"""Twin of rayfence.gateway.pod.mounts."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from rayfence.gateway.keys import is_unripe, load_secrets, unripe_secrets
from rayfence.gateway.pod import mounts
from rayfence.gateway.pod.mounts import RIPE_SECONDS, Mirror

pytestmark = pytest.mark.anyio

NOW = 1_790_000_000.0
OLD, NEW = f"{int(NOW) - 9000}.{'a' * 16}.key", f"{int(NOW)}.{'b' * 16}.key"


class Place:
    """A mounted folder of root's form, and the mirror of it."""

    def __init__(self, folder: Path) -> None:
        self.source, self.target, self.now = folder / "mount", folder / "own", NOW
        self.shown = 0
        self.source.mkdir()
        self.mirror = Mirror(self.source, self.target, lambda: self.now)

    def show(self, **files: str) -> None:
        """What Kubernetes mounts now: links into a folder that it exchanges."""
        self.shown += 1
        fresh = self.source / f"..{self.shown}"
        fresh.mkdir()
        for path in self.source.iterdir():
            if path.is_symlink():
                path.unlink()
        for name, text in files.items():
            (fresh / name).write_text(text)
            (self.source / name).symlink_to(f"{fresh.name}/{name}")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_copies_are_the_services_own_and_closed(place: Place) -> None:
    place.show(**{OLD: "a" * 64})
    assert place.mirror.step()
    (copy,) = place.target.iterdir()
    assert (copy.name, copy.read_text()) == (f"{'a' * 16}.key", "a" * 64)
    assert (copy.stat().st_mode & 0o777, place.target.stat().st_mode & 0o777) == (0o600, 0o700)
    assert not copy.is_symlink()
    assert not place.mirror.step()


def test_a_new_key_verifies_and_does_not_sign_until_it_is_ripe(place: Place) -> None:
    place.show(**{OLD: "a" * 64})
    place.mirror.step()
    place.show(**{OLD: "a" * 64, NEW: "b" * 64})
    assert place.mirror.step()
    assert is_unripe(place.target / f"{'b' * 16}.key", NOW)
    assert not is_unripe(place.target / f"{'a' * 16}.key", NOW)
    place.now = NOW + RIPE_SECONDS - 1
    assert not place.mirror.step()
    place.now = NOW + RIPE_SECONDS
    assert place.mirror.step()
    assert [kid[0] for kid, _ in load_secrets(place.target)] == ["a", "b"]
    assert unripe_secrets(place.target) == 0


def test_the_only_key_signs_at_once(place: Place) -> None:
    """At the first start of all there is no other."""
    place.show(**{NEW: "b" * 64})
    place.mirror.step()
    assert not is_unripe(place.target / f"{'b' * 16}.key", NOW)


def test_what_is_gone_goes_but_a_mount_without_files_changes_nothing(place: Place) -> None:
    place.show(**{OLD: "a" * 64, NEW: "b" * 64})
    place.mirror.step()
    place.show(**{NEW: "b" * 64})
    assert place.mirror.step()
    assert [path.name[0] for path in place.target.iterdir()] == ["b"]
    place.show()
    assert not place.mirror.step()
    assert list(place.target.iterdir())


def test_a_token_has_no_birth_and_follows_its_content(place: Place) -> None:
    place.show(**{"cluster-train": "one"})
    place.mirror.step()
    before = (place.target / "cluster-train").stat().st_mtime_ns
    os.utime(place.target / "cluster-train", (1, 1))
    place.show(**{"cluster-train": "two"})
    assert place.mirror.step()
    assert (place.target / "cluster-train").read_text() == "two"
    assert (place.target / "cluster-train").stat().st_mtime_ns >= before


async def test_it_follows_the_mount_and_outlives_a_failure(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "LOOK_SECONDS", 0.01)
    task = asyncio.create_task(place.mirror.run())
    place.source.rename(place.source.with_name("away"))
    await asyncio.sleep(0.05)
    place.source.with_name("away").rename(place.source)
    place.show(**{OLD: "a" * 64})
    for _ in range(200):
        if place.target.exists() and list(place.target.iterdir()):
            break
        await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert list(place.target.iterdir())
