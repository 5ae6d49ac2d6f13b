"""When job code counts as walled in."""

from dataclasses import replace

import pytest

from rayfence.model.resolution import Certificates, Resolution
from rayfence.spec import DEFAULT_SPEC, load_local
from tests.sim.host import sim_host


@pytest.mark.parametrize(
    ("uid", "namespaces", "walled"),
    [(61500, True, True), (61500, False, True), (None, True, True), (None, False, False)],
)
def test_another_uid_or_namespaces_wall_job_code_in(uid: int | None, namespaces: bool, walled: bool) -> None:
    host = replace(sim_host(), ray_uid=uid, namespaces=namespaces)
    assert Resolution(load_local(DEFAULT_SPEC), host, (), Certificates(), (), ()).job_code_is_walled is walled
