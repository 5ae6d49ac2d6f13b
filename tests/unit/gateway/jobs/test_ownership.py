"""The one place that says who may act on a job, for writes on a fresh record."""

from typing import cast

import pytest

from rayfence.gateway.answers import Refused
from rayfence.gateway.jobs.ownership import own_job
from rayfence.gateway.service import Call
from rayfence.model.routes import Role
from tests.sim.gateway import SimGateway

pytestmark = pytest.mark.anyio


class CallOf:
    """As much of a call as ownership looks at."""

    def __init__(self, gateway: SimGateway, subject: str, role: Role = Role.SUBMITTER) -> None:
        self.caller = gateway.service.minter.mint("api", subject, role, [], seconds=60)[1]


def call_of(gateway: SimGateway, subject: str, role: Role = Role.SUBMITTER) -> Call:
    """A call by `subject`."""
    return cast(Call, CallOf(gateway, subject, role))


async def test_owner_and_operator_get_the_record(gateway: SimGateway) -> None:
    name = await gateway.submit(gateway.token("alice"))
    for call in (call_of(gateway, "alice"), call_of(gateway, "olga", Role.OPERATOR)):
        assert (await own_job(gateway.service, call, name, fresh=True))["submission_id"] == name


@pytest.mark.parametrize("subject", ["bob", "Alice", "alice ", "(no owner)", "None"])
async def test_no_similar_name_is_the_owner(gateway: SimGateway, subject: str) -> None:
    name = await gateway.submit(gateway.token("alice"))
    with pytest.raises(Refused) as refused:
        await own_job(gateway.service, call_of(gateway, subject), name, fresh=False)
    assert (refused.value.status, refused.value.required) == (403, "operator")


async def test_a_write_looks_afresh_and_a_read_a_second_back(gateway: SimGateway) -> None:
    name = await gateway.submit(gateway.token("alice"))
    call = call_of(gateway, "alice")
    await own_job(gateway.service, call, name, fresh=False)
    gateway.ray.jobs[name]["metadata"] = {}
    await own_job(gateway.service, call, name, fresh=False)
    with pytest.raises(Refused):
        await own_job(gateway.service, call, name, fresh=True)
