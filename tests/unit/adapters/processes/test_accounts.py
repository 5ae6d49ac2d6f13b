"""A uid that is nobody's."""

import os
import pwd
import subprocess
from pathlib import Path

import pytest

from rayfence.adapters.processes import accounts
from rayfence.adapters.processes.accounts import FIRST, LAST, pick_ray_uid


@pytest.fixture(autouse=True)
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Picking changes nothing, so it can be looked at by anyone."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def test_it_is_in_the_range_of_temporary_users_and_nobodys(tmp_path: Path) -> None:
    uid = pick_ray_uid("no-such-instance", str(tmp_path))
    assert uid is not None
    assert FIRST <= uid <= LAST
    with pytest.raises(KeyError):
        pwd.getpwuid(uid)
    assert pick_ray_uid("no-such-instance", str(tmp_path)) == uid, "stable while it is free"
    assert pick_ray_uid("other", str(tmp_path)) != uid


def test_an_owner_of_another_instances_folder_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = pick_ray_uid("no-such-instance", str(tmp_path))
    assert uid is not None
    monkeypatch.setattr(accounts, "_uids_of_processes", lambda: iter((uid,)))
    second = pick_ray_uid("no-such-instance", str(tmp_path))
    assert second is not None
    assert second != uid


def test_uids_of_containers_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owned = tmp_path / "subuid"
    owned.write_text(f"ada:{FIRST}:{LAST - FIRST}\nbroken\n", encoding="utf-8")
    subordinate = accounts._subordinate
    monkeypatch.setattr(accounts, "_subordinate", lambda _file: subordinate(str(owned)))
    assert pick_ray_uid("no-such-instance", str(tmp_path)) == LAST


def test_uids_of_running_processes_are_seen() -> None:
    child = subprocess.Popen(["/bin/sleep", "60"])
    try:
        assert os.getuid() in set(accounts._uids_of_processes())
    finally:
        child.kill()
        child.wait()


def test_without_root_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert pick_ray_uid("default") is None
