"""Accounts through the gateway's API."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from rayfence.adapters import files
from rayfence.api import users
from rayfence.api.instances import record_json
from rayfence.errors import AccessRefused, StateError
from tests.sim.door import PASSWORD, Door
from tests.unit.api.test_instances import write


@pytest.mark.envoy
def test_an_account_from_its_beginning_to_its_end(door: Door) -> None:
    users.add(door.name, door.state, "bea", PASSWORD, "viewer", ["ray-client"])
    assert [(one.role, one.rights) for one in users.listed(door.name, door.state) if one.name == "bea"] == [
        ("viewer", ("ray-client",))
    ]
    users.change_role(door.name, door.state, "bea", "operator", [])
    users.change_password(door.name, door.state, "bea", PASSWORD + "2", None)
    assert [(one.role, one.rights) for one in users.listed(door.name, door.state) if one.name == "bea"] == [
        ("operator", ())
    ]
    users.remove(door.name, door.state, "bea")
    assert "bea" not in {one.name for one in users.listed(door.name, door.state)}


@pytest.mark.envoy
def test_a_submitter_manages_nobody(door: Door, as_ada: str) -> None:
    with pytest.raises(AccessRefused) as caught:
        users.add(door.name, door.state, "eve", PASSWORD, "admin", [])
    assert "admin" in caught.value.hint
    assert users.is_self(door.name, door.state, as_ada)


def test_a_second_principal_is_refused_where_job_code_is_not_walled_in(tmp_path: Path) -> None:
    record = replace(write(tmp_path, "ml"), ray_uid=None, namespaces=False)
    files.write_file(str(tmp_path / "ml/instance.json"), record_json(record), os.geteuid(), os.getegid())
    with pytest.raises(StateError, match="become anyone"):
        users.refuse_shared_uid("ml", tmp_path, unsafe=False)
    users.refuse_shared_uid("ml", tmp_path, unsafe=True)
