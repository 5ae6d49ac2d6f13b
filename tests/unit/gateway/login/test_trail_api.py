"""The trail over HTTP: pages, cursors that follow, conditions, and operators only."""

from pathlib import Path
from typing import Any

import pytest

from rayfence.gateway.journal import Journal
from rayfence.gateway.login import trail_api
from rayfence.model.routes import Role, Surface
from tests.sim.gateway import SimGateway

pytestmark = pytest.mark.anyio


def fill(gateway: SimGateway, count: int) -> None:
    """`count` submissions by alice and bob in turn, on disk."""
    journal = Journal.open(gateway.settings)
    for number in range(count):
        subject = ("alice", "bob")[number % 2]
        intent = journal.intent(subject=subject, action="job.submit", object=f"job-{number}")
        journal.outcome(intent, verdict="done", status=200)
    journal.close()


async def ask(gateway: SimGateway, query: str, role: Role = Role.OPERATOR) -> Any:
    """GET /v1/trail."""
    token = gateway.token("olga", role, surface=Surface.LOGIN)
    return await gateway.request("GET", f"/v1/trail{query}", token, surface=Surface.LOGIN)


async def test_pages_join_without_gap_and_then_follow(gateway: SimGateway) -> None:
    fill(gateway, 5)
    seen: list[tuple[str, int]] = []
    query = "?limit=3"
    while True:
        page = (await ask(gateway, query)).json()
        seen += [(record["chain"], record["seq"]) for record in page["records"]]
        query = f"?limit=3&after={page['next']}"
        if not page["more"]:
            break
    assert seen == [(seen[0][0], number) for number in range(len(seen))]
    assert (await ask(gateway, query)).json()["records"] == []
    fill(gateway, 1)
    new = (await ask(gateway, query)).json()["records"]
    assert "job.submit" in {record["action"] for record in new}
    assert all(record["seq"] > seen[-1][1] for record in new)


async def test_the_last_few_and_following_them(gateway: SimGateway) -> None:
    fill(gateway, 4)
    page = (await ask(gateway, "?last=2&kind=intent")).json()
    assert [record["object"] for record in page["records"]] == ["job-2", "job-3"]
    assert (await ask(gateway, f"?after={page['next']}")).json()["records"] == []


async def test_conditions(gateway: SimGateway) -> None:
    fill(gateway, 4)
    found = (await ask(gateway, "?subject=alice&action=job.*&kind=intent")).json()["records"]
    assert [record["object"] for record in found] == ["job-0", "job-2"]
    assert found[0]["detail"] == {}
    assert (await ask(gateway, "?since=2999")).json()["records"] == []


async def test_a_bounded_look_says_where_to_go_on(gateway: SimGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(gateway, 2)
    (segment,) = Path(gateway.settings.trail_dir).glob("*.jsonl")
    later = segment.with_name(segment.name.replace("0001-", "0002-", 1))
    later.write_bytes(segment.read_bytes())
    monkeypatch.setattr(trail_api, "LINES", 1)
    page = (await ask(gateway, "?subject=nobody")).json()
    assert page["records"] == []
    assert page["more"] is True
    assert (await ask(gateway, f"?subject=nobody&after={page['next']}")).json()["more"] is False


@pytest.mark.parametrize(
    "query",
    ["?x=1", "?limit=0", "?limit=1001", "?limit=x", "?limit=%D9%A3", "?last=0", "?after=x", "?after=x:1",
     "?after=0001-abc:1", "?subject=a&subject=b", "?object=" + "x" * 600, "?after=0001-0a1b2c3d4e5f:-1x"],
)  # fmt: skip
async def test_other_questions_are_refused(gateway: SimGateway, query: str) -> None:
    fill(gateway, 1)
    assert (await ask(gateway, query)).status_code == 400


async def test_operators_only(gateway: SimGateway) -> None:
    answer = await ask(gateway, "", Role.SUBMITTER)
    assert (answer.status_code, answer.json()["required"]) == (403, "operator")


async def test_a_half_written_line_is_not_there_yet(gateway: SimGateway) -> None:
    fill(gateway, 1)
    whole = (await ask(gateway, "")).json()
    (segment,) = Path(gateway.settings.trail_dir).glob("*.jsonl")
    with segment.open("ab") as file:
        file.write(b'{"prev":"')
    assert (await ask(gateway, "")).json() == whole
