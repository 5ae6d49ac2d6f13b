"""Names, processes by number and start time, control groups by name, and programs by what they are made of."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.harness import cgroups, lifecycle
from tests.cluster.harness.places import ClusterError, Place, cache, key_of
from tests.cluster.harness.proc import Process
from tests.cluster.harness.programs import GROUPS


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "-a", "a" * 33, "a b"])
def test_names_that_could_leave_the_folder_are_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="no name"):
        Place(name)


def test_the_cache_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAYFENCE_TEST_CACHE", str(tmp_path))
    assert cache() == tmp_path and Place("a").folder.parent == tmp_path / "clusters"
    monkeypatch.delenv("RAYFENCE_TEST_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache() == tmp_path / "x" / "rayfence" / "testcluster"


def test_keys_tell_ingredients_apart() -> None:
    assert key_of(["ab", "c"]) != key_of(["a", "bc"]) and key_of(["a"]) == key_of([b"a"])
    group = GROUPS[0]
    other = dataclasses.replace(group, stamps=(("main.version", "2"),))
    assert key_of(group.ingredients()) != key_of(other.ingredients())


def test_a_process_is_known_by_number_and_start() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        process = Process.of(child.pid)
        assert process is not None and process.alive
        stranger = dataclasses.replace(process, started=process.started + 1)
        assert not stranger.alive and stranger.kill() and process.alive  # a stranger with our number is left alone
        assert process.kill()
    finally:
        child.kill()
        child.wait()
    assert Process.of(child.pid) is None


def test_what_does_not_run_is_not_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAYFENCE_TEST_CACHE", str(tmp_path))
    place = Place("a")
    assert lifecycle.first_process(place) is None and not lifecycle.is_ready(place)
    assert not lifecycle.stop(place)
    place.folder.mkdir(parents=True)
    place.record.write_text("{", encoding="utf-8")  # a disk was full
    place.kubeconfig.touch()
    assert not lifecycle.is_ready(place) and lifecycle.stop(place) and not place.folder.exists()


def test_groups_are_removed_from_the_deepest_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cgroups, "hierarchies", lambda: (tmp_path / "cpu", tmp_path / "memory"))
    (tmp_path / "cpu/rayfence-a/pod/container").mkdir(parents=True)
    (tmp_path / "memory/other").mkdir(parents=True)
    cgroups.remove_cgroup("rayfence-a")
    assert not (tmp_path / "cpu/rayfence-a").exists() and (tmp_path / "memory/other").exists()
    (tmp_path / "cpu/rayfence-a").mkdir()
    (tmp_path / "cpu/rayfence-a/tasks").touch()  # a folder of the kernel's never is in the way; a file here is
    with pytest.raises(ClusterError, match="can't be removed"):
        cgroups.remove_cgroup("rayfence-a", patience=0.1)
