"""What is made for attacks is taken away again, whatever the other side does; Ray and the gateway are simulated."""

import json
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from rayfence.adapters.gateway import GatewayClient
from rayfence.api import ground as api
from rayfence.api.ground import Ground, NoGround
from rayfence.errors import AccessRefused
from rayfence.model.wire import Answer, Shot
from rayfence.verify.attacks.jobcode import MARK
from tests.sim.scene import SimWire, make_scene

SCENE = make_scene()
WORDS = ("one", "two", "three", "four")


@dataclass
class SimJobs:
    """Jobs behind the gateway, as the operator sees them. `ghosts`: deletions that come back, as Ray's may."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    ghosts: int = 0
    log: str = ""

    def __call__(self, shot: Shot) -> Answer:
        path, _, verb = shot.target.removeprefix("/api/jobs/").partition("/")
        if shot.target.startswith("/api/serve/"):
            return Answer(200, body=b'{"applications": {}}')
        if shot.method == "POST" and not path:
            return self._submit(json.loads(shot.body))
        if shot.method == "GET" and not path:
            return Answer(200, body=json.dumps(list(self.jobs.values())).encode())
        if path not in self.jobs:
            return Answer(404)
        if verb == "logs":
            return Answer(200, body=json.dumps({"logs": self.log}).encode())
        if verb == "stop":
            self.jobs[path] |= {"status": "STOPPED", "end_time": 1}
        elif shot.method == "DELETE":
            job = self.jobs.pop(path)
            if self.ghosts:
                self.ghosts -= 1
                self.jobs[path] = {**job, "entrypoint": "Entrypoint not found.", "status": "FAILED"}
        return Answer(200, body=json.dumps(self.jobs.get(path, {})).encode())

    def _submit(self, body: dict[str, Any]) -> Answer:
        name = f"{body['submission_id']}-minted"
        self.jobs[name] = {**body, "submission_id": name, "status": "RUNNING", "job_id": "02000000"}
        return Answer(200, body=json.dumps({"submission_id": name}).encode())


@dataclass
class SimDoor:
    """The log-in host: accounts, and a deletion that may fail."""

    accounts: set[str] = field(default_factory=set)
    refuses: bool = False

    def write(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, object]:
        if method == "POST" and body is not None:
            self.accounts.add(body["name"])
        elif self.refuses or path.rpartition("/")[2] not in self.accounts:
            raise AccessRefused("no")
        else:
            self.accounts.remove(path.rpartition("/")[2])
        return {}

    def get(self, path: str) -> dict[str, object]:
        return {"users": [{"name": name} for name in self.accounts]}


def make(jobs: SimJobs, door: SimDoor | None = None) -> Ground:
    client = cast(GatewayClient, door or SimDoor())
    return Ground(SCENE, SimWire(jobs), client, lambda _: None)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_SETTLED_SECONDS", 0.01)
    monkeypatch.setattr("rayfence.api.ground.time.sleep", lambda _: None)


def test_the_job_carries_the_words_and_is_seen_as_its_owner_sees_it() -> None:
    jobs = SimJobs(log=f'x\n{MARK}{{"a": 1}}\n')
    ground = make(jobs)
    name = ground.submit("true # rayfence-verify-0a1b2c3d", WORDS)
    body = jobs.jobs[name]
    assert "one" in body["entrypoint"]
    assert "two" in str(body["runtime_env"])
    assert "three" in str(body["metadata"])
    assert ground.await_report(name) == ({"a": 1}, "")
    assert ground.look_at(name, WORDS).driver == "02000000"
    assert ground.subjects(name).serve_idle


def test_a_gateway_that_takes_no_job_is_told() -> None:
    ground = Ground(SCENE, SimWire(lambda _: Answer(403, body=b"no")), cast(GatewayClient, SimDoor()), lambda _: None)
    with pytest.raises(NoGround, match="took no job of a submitter: 403"):
        ground.submit("true", WORDS)


def test_a_job_that_ends_without_a_report_tells_how() -> None:
    jobs = SimJobs()
    ground = make(jobs)
    name = ground.submit("true", WORDS)
    jobs.jobs[name] |= {"status": "FAILED", "message": "boom"}
    report, why = ground.await_report(name)
    assert report is None
    assert "FAILED" in why
    assert "boom" in why


def test_only_jobs_of_this_run_are_removed() -> None:
    other = {"submission_id": "other", "entrypoint": "true # rayfence-verify-ffffffff", "status": "RUNNING"}
    stray = {"submission_id": "stray", "entrypoint": "true # rayfence-verify-attack", "status": "SUCCEEDED"}
    jobs = SimJobs({"other": other, "stray": stray})
    ground = make(jobs)
    ground.submit("true # rayfence-verify-0a1b2c3d", WORDS)
    assert ground.clear(None, jobs=True) == ()
    assert set(jobs.jobs) == {"other"}


def test_a_job_that_comes_back_without_its_entrypoint_is_removed_again() -> None:
    jobs = SimJobs(ghosts=1)
    ground = make(jobs)
    ground.submit("true # rayfence-verify-0a1b2c3d", WORDS)
    assert ground.clear(None, jobs=True) == ()
    assert not jobs.jobs


def test_the_account_is_made_and_removed() -> None:
    door = SimDoor()
    ground = make(SimJobs(), door)
    account = ground.account()
    ground.make_account(account)
    assert door.accounts == {account.name}
    assert ground.clear(account, jobs=True) == ()
    assert not door.accounts
    assert ground.clear(account, jobs=True) == ()  # twice is fine


def test_what_stays_is_told() -> None:
    door = SimDoor()
    ground = make(SimJobs(), door)
    account = ground.account()
    ground.make_account(account)
    door.refuses = True
    (left,) = ground.clear(account, jobs=True)
    assert account.name in left
    down = Ground(SCENE, SimWire(lambda _: Answer(0)), cast(GatewayClient, door), lambda _: None)
    assert "Ray does not list them" in down.clear(None, jobs=True)[0]
    assert down.clear(None, jobs=False) == ()


def test_a_second_ctrl_c_does_not_leave_things_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    door = SimDoor()
    ground = make(SimJobs(), door)
    account = ground.account()
    ground.make_account(account)
    calls = []
    real = door.write

    def write(*values: Any) -> dict[str, object]:
        calls.append(values)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return real(*values)

    monkeypatch.setattr(door, "write", write)
    assert ground.clear(account, jobs=True) == ()
    assert not door.accounts
