"""Walls are tried, not assumed."""

import os
import subprocess
import sys
from pathlib import Path

from rayfence.adapters.processes import walls
from tests.unit.adapters.processes.kept import foreign_uid


def test_this_machine_has_the_walls_that_were_built() -> None:
    uid = foreign_uid()
    found = walls.available_walls(uid, walls.exposures())
    assert found.root == (os.geteuid() == 0)
    assert found.other_uid == (uid is not None)
    assert found.namespaces
    assert found.user_namespaces == (not found.root)
    assert (found.reason == "") == (uid is not None)


def test_an_interpreter_that_the_other_uid_cannot_reach_is_no_wall() -> None:
    """Told in words: the operator must know why Ray is not walled in."""
    found = walls.available_walls(None, ("/no/such/folder",))
    assert not found.namespaces
    assert "/no/such/folder" in found.reason


def test_a_root_without_other_uids_has_no_such_wall() -> None:
    """A container's root may be the only user there: a reason, not a crash."""
    program = (
        "from rayfence.adapters.processes import walls\n"
        "found = walls.available_walls(61500, walls.exposures())\n"
        "print(found.root, found.other_uid, found.reason)\n"
    )
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("True False ")
    assert "Invalid argument" in done.stdout


def test_the_interpreter_and_rayfence_are_exposed() -> None:
    folders = walls.exposures()
    assert folders == tuple(sorted(folders))
    for needed in (Path(sys.base_prefix), Path(sys.prefix), Path(walls.__file__)):
        resolved = needed.resolve()
        inside = any(resolved.is_relative_to(folder) for folder in folders)
        assert inside or str(resolved).startswith(("/usr", "/bin", "/lib"))
    assert not any(Path(a) in Path(b).parents for a in folders for b in folders)
    assert "/" not in folders
