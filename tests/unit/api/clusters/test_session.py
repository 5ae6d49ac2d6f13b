"""Twin of rayfence.api.clusters.session."""

import pytest

from rayfence.api.clusters import session
from rayfence.api.clusters.reach import gateway
from rayfence.api.clusters.session import Way
from rayfence.errors import AccessRefused, Refused, StateError
from tests.sim.kubernetes.gateway import RUNNER, SimDoor
from tests.unit.api.clusters.test_reach import target


def test_a_service_account_logs_in_by_a_token_made_for_the_gateway_alone(door: SimDoor) -> None:
    with gateway(target(door)) as found:
        kept = session.login(found, Way("serviceAccount:vision/runner"))
        assert kept.subject == "system:serviceaccount:vision:runner"
        assert ("account_token", "vision", "runner", "rayfence:research:vision:clients", "3600") in door.pods.asked
    with gateway(target(door)) as found:  # another way by now, the same session
        with session.connect(found) as client:
            assert client.get("/v1/whoami")["subject"] == "system:serviceaccount:vision:runner"
        assert session.mint(found, None, 60, "viewer", None)["token"] == "minted 60 viewer"
        assert session.logout(found, everywhere=False) and not door.sessions
        assert not session.logout(found, everywhere=False)
        with pytest.raises(AccessRefused, match="not logged in"):
            session.current(found)


def test_for_one_command_nothing_is_kept(door: SimDoor) -> None:
    with gateway(target(door)) as found:
        with session.connect(found, Way("serviceAccount:vision/runner")) as client:
            assert client.get("/v1/whoami")["subject"]
        with pytest.raises(AccessRefused):
            session.current(found)


def test_a_person_shows_the_token_of_their_kubeconfig_or_another(door: SimDoor) -> None:
    door.subjects |= {"hers": "ada@example.com", "pasted": "bob@example.com"}
    with gateway(target(door)) as found:
        with pytest.raises(StateError, match="certificate"):
            session.login(found, Way())
        door.pods.own_token = "hers"
        assert session.login(found, Way()).subject == "ada@example.com"
        assert session.login(found, Way(proof="pasted")).subject == "bob@example.com"
        with pytest.raises(AccessRefused, match="nobody is proven"):
            session.login(found, Way(proof="wrong"))


@pytest.mark.parametrize("member", ["vision/runner", "serviceAccount:runner", "group:a@b.c", "serviceAccount:a/b/c"])
def test_what_is_no_account_is_told(door: SimDoor, member: str) -> None:
    with gateway(target(door)) as found, pytest.raises(StateError, match="no serviceAccount"):
        session.proof_of(found, Way(member))


def test_an_account_that_is_not_there(door: SimDoor) -> None:
    with gateway(target(door)) as found, pytest.raises(Refused, match="absent"):
        session.proof_of(found, Way("serviceAccount:vision/absent"))
    assert RUNNER in door.subjects
