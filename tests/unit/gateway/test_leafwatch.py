"""A new server certificate is on record once."""

from dataclasses import replace
from pathlib import Path

import pytest

from rayfence.adapters.tls import authority, leaf
from rayfence.gateway.leafwatch import LeafWatch
from rayfence.model.desired import Account, AuthorityRequest, CertificateRequest
from tests.sim.gateway import SimGateway

pytestmark = pytest.mark.anyio


def owner(_account: Account) -> tuple[int, int]:
    return (0, 0)


async def test_each_new_leaf_is_recorded_once(gateway: SimGateway, tmp_path: Path) -> None:
    ca = AuthorityRequest("ca", str(tmp_path), "test", 2)
    authority.make_authority(ca, owner)
    path = str(tmp_path / "server.crt")
    settings = replace(gateway.settings, server_certificate=path)
    request = CertificateRequest("gateway", "ca", path, f"{path}.key", ("localhost",), (), True, False, 24, 2)
    leaf.issue(request, ca, owner)
    watch = LeafWatch(settings, gateway.service.recorder)
    assert not await watch.step()
    leaf.issue(request, ca, owner)
    assert await watch.step()
    assert not await watch.step()
    (row,) = gateway.journal.actions()
    assert (row[0], row[2]) == ("certificate.renew", "done")


async def test_an_unreadable_leaf_is_no_renewal(gateway: SimGateway, tmp_path: Path) -> None:
    settings = replace(gateway.settings, server_certificate=str(tmp_path / "server.crt"))
    watch = LeafWatch(settings, gateway.service.recorder)
    Path(settings.server_certificate).write_text("nonsense")
    assert not await watch.step()
