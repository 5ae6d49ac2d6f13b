"""Python's `JobSubmissionClient` unmodified, through the gateway."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ray.exceptions import AuthenticationError
from ray.job_submission import JobStatus, JobSubmissionClient

from tests.e2e.stack import JOB_SECONDS, Person

pytestmark = [pytest.mark.ray, pytest.mark.exhaustive]

WAIT = Callable[[Person, str], str]


def client_of(person: Person) -> JobSubmissionClient:
    """As somebody writes it in a notebook."""
    return JobSubmissionClient(
        person.stack.url, headers={"Authorization": f"Bearer {person.token}"}, verify=person.stack.layout.front_ca
    )


def test_everything_the_client_offers(alice: Person, ended: WAIT, tmp_path: Path) -> None:
    client = client_of(alice)
    module = tmp_path / "shipped"
    module.mkdir()
    (module / "__init__.py").write_text("WORD = 'by the module'\n", encoding="utf-8")
    code = "import os, shipped; print('seen', os.environ['GREETING'], shipped.WORD)"
    job = client.submit_job(
        entrypoint=f'python -c "{code}"',
        submission_id="wish",
        metadata={"project": "vision", "job_name": "poisoned", "rayfence.owner": "v1.forged"},
        runtime_env={"env_vars": {"GREETING": "hello"}, "py_modules": [str(module)]},
    )
    assert re.fullmatch(r"wish-[a-z0-9]{16}", job)
    assert ended(alice, job) == "SUCCEEDED", client.get_job_logs(job)
    assert "seen hello by the module" in client.get_job_logs(job)
    info = client.get_job_info(job)
    assert (info.submission_id, info.status) == (job, JobStatus.SUCCEEDED)
    assert info.runtime_env is not None
    assert info.runtime_env["env_vars"] == {"GREETING": "hello"}
    assert info.metadata is not None
    assert info.metadata["project"] == "vision"
    assert "job_name" not in info.metadata
    assert info.metadata["rayfence.owner"] != "v1.forged"
    assert job in [item.submission_id for item in client.list_jobs()]
    assert client.delete_job(job) is True
    assert job not in [item.submission_id for item in client.list_jobs()]


def test_tail_is_live_and_stop_stops(alice: Person, ended: WAIT) -> None:
    client = client_of(alice)
    code = "import time\nfor i in range(1000): print('tick', i, flush=True); time.sleep(0.5)"
    job = client.submit_job(entrypoint=f"python -c {json.dumps(code)}".replace("\\n", "\n"))

    async def first_ticks() -> str:
        seen = ""
        async for text in client.tail_job_logs(job):
            seen += text
            if "tick 3" in seen:
                break
        return seen

    seen = asyncio.run(asyncio.wait_for(first_ticks(), JOB_SECONDS))
    assert "tick 0" in seen
    assert client.get_job_status(job) is JobStatus.RUNNING, "lines came while it ran"
    assert client.stop_job(job) is True
    assert ended(alice, job) == "STOPPED"


def test_what_belongs_to_others_is_out_of_reach(alice: Person, bob: Person, olga: Person, ended: WAIT) -> None:
    """Listed and named, but not seen, stopped, tailed or deleted; an operator may."""
    job = client_of(alice).submit_job(entrypoint="sleep 1000", metadata={"word": "hidden"})
    stranger = client_of(bob)
    (listed,) = [item for item in stranger.list_jobs() if item.submission_id == job]
    assert not listed.entrypoint
    assert not listed.metadata
    assert not stranger.get_job_info(job).entrypoint
    for attempt in (stranger.get_job_logs, stranger.stop_job, stranger.delete_job):
        with pytest.raises(AuthenticationError, match="not yours; its owner or an operator"):
            attempt(job)

    async def tail() -> str:
        return "".join([text async for text in stranger.tail_job_logs(job)])

    with pytest.raises(Exception, match=r"(?i)403|forbidden|invalid response status"):
        asyncio.run(asyncio.wait_for(tail(), 60))
    assert alice.job(job)["status"] in ("PENDING", "RUNNING")
    operator = client_of(olga)
    assert operator.get_job_info(job).entrypoint == "sleep 1000"
    assert operator.stop_job(job) is True
    assert ended(olga, job) == "STOPPED"
    time.sleep(1)  # Ray writes the record once more when its watcher has seen the end
    assert operator.delete_job(job) is True
