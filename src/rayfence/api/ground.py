"""The ground `verify` stands on: a temporary account and a real job, made through the gateway and taken away again.

Everything carries the run's own number in its name, so that what is removed is only what was made, whatever happens in
between: a failure, Ctrl-C, an attack that succeeded and left a job behind.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from rayfence.adapters.gateway import GatewayClient
from rayfence.errors import RayfenceError
from rayfence.model.frozen import dataclass
from rayfence.model.routes import Role
from rayfence.model.wire import Answer
from rayfence.ports.machine import Reporter
from rayfence.ports.wire import Wire
from rayfence.verify.attacks.jobcode import read_report
from rayfence.verify.attacks.login import Account
from rayfence.verify.attacks.ownership import OwnedJob
from rayfence.verify.attacks.sweeps import Subjects
from rayfence.verify.judge import seen
from rayfence.verify.scene import Scene

#: A busy machine needs half a minute to start a job's driver.
JOB_SECONDS: Final = 180
_DRIVER_SECONDS: Final = 60
_END_SECONDS: Final = 60
#: After this long Ray has done with a job that ended.
_SETTLED_SECONDS: Final = 3.0
_ENDED: Final = frozenset({"STOPPED", "SUCCEEDED", "FAILED"})
#: In the entrypoint of every job that this run submits, or that an attack of it would.
MARKS: Final = ("rayfence-verify-{run}", "rayfence-verify-attack")


class NoGround(RayfenceError):
    """What the attacks stand on could not be made: nothing is shown, and nothing is known to be wrong."""

    exit_status = 2
    hint = "`rayfence status` tells what does not work"


@dataclass(frozen=True, slots=True)
class Ground:
    """Makes and removes. `client`: the log-in host, as the operator."""

    scene: Scene
    wire: Wire
    client: GatewayClient
    report: Reporter

    def account(self) -> Account:
        """A name and password of this run, not yet made."""
        return Account(self.scene.subject("account"), secrets.token_hex(16))

    def make_account(self, account: Account) -> None:
        """A local account with the role of a submitter."""
        wish = {"name": account.name, "password": account.password, "role": Role.SUBMITTER.value, "rights": []}
        self.client.write("POST", "/v1/users", wish)

    def submit(self, entrypoint: str, words: tuple[str, ...]) -> str:
        """The owner's job, with words planted in entrypoint, variables, metadata; its id. Raises NoGround."""
        body = {
            "entrypoint": f"{entrypoint} {words[0]}",
            "submission_id": f"verify-{self.scene.run}",
            "runtime_env": {"env_vars": {"RAYFENCE_VERIFY_SECRET": words[1]}},
            "metadata": {"verify": words[2]},
        }
        answer = self._send("submit", "POST", "/api/jobs/", json.dumps(body).encode())
        found = _object(answer).get("submission_id")
        if answer.status != 200 or not isinstance(found, str):
            raise NoGround(f"the gateway took no job of a submitter: {seen(answer)}")
        return found

    def await_report(self, job: str) -> tuple[Mapping[str, object] | None, str]:
        """The report in the job's log, or why there is none."""
        deadline = time.monotonic() + JOB_SECONDS
        status = "never seen"
        while time.monotonic() < deadline:
            found = read_report(str(_object(self._send("log", "GET", f"/api/jobs/{job}/logs")).get("logs", "")))
            if found is not None:
                return found, ""
            detail = _object(self._send("detail", "GET", f"/api/jobs/{job}"))
            status = str(detail.get("status"))
            if status in _ENDED:
                return None, f"the job ended as {status} without a report: {detail.get('message')}"
            time.sleep(1)
        return None, f"the job is {status} after {JOB_SECONDS} s"

    def look_at(self, job: str, words: tuple[str, ...]) -> OwnedJob:
        """The job as its owner sees it, once it has its driver's id."""
        deadline = time.monotonic() + _DRIVER_SECONDS
        detail = _object(self._send("detail", "GET", f"/api/jobs/{job}"))
        while not detail.get("job_id") and detail.get("status") == "RUNNING" and time.monotonic() < deadline:
            time.sleep(1)
            detail = _object(self._send("detail", "GET", f"/api/jobs/{job}"))
        metadata = detail.get("metadata")
        stamp = metadata.get("rayfence.owner", "") if isinstance(metadata, dict) else ""
        return OwnedJob(job, str(detail.get("job_id") or ""), str(stamp), words)

    def subjects(self, job: str) -> Subjects:
        """What controls may name."""
        answer = self._send("serve", "GET", "/api/serve/applications/", role=Role.OPERATOR)
        return Subjects(job, serve_idle=answer.status == 200 and not _object(answer).get("applications"))

    def clear(self, account: Account | None, jobs: bool) -> tuple[str, ...]:
        """Remove the account, and with `jobs` every job of this run. What could not be removed, in words."""
        left: list[str] = []
        left += self._insist(lambda: self._remove_account(account))
        if jobs:
            left += self._insist(self._remove_jobs)
        return tuple(left)

    def _insist(self, step: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """A second Ctrl-C does not leave an account or a job behind; a third may."""
        try:
            return step()
        except KeyboardInterrupt:
            self.report("cleaning up first")
            return step()

    def _remove_account(self, account: Account | None) -> tuple[str, ...]:
        if account is None:
            return ()
        try:
            self.client.write("DELETE", f"/v1/users/{account.name}")
        except RayfenceError as problem:
            if account.name in self._accounts():  # else an interrupted attempt has done it
                return (f"account {account.name}: {problem}",)
        return ()

    def _accounts(self) -> set[str]:
        users = self.client.get("/v1/users").get("users")
        return {str(user.get("name")) for user in users if isinstance(user, dict)} if isinstance(users, list) else set()

    def _remove_jobs(self) -> tuple[str, ...]:
        """Stop and delete. A job deleted while Ray still watches its end comes back without its entrypoint: hence the
        pause before a deletion, the look after it, and ids that stay ours once they were.
        """
        deadline = time.monotonic() + _END_SECONDS
        known: set[str] = set()
        gone_since: float | None = None
        while True:
            listed = self._jobs()
            if listed is None:
                return ("jobs of this run, if any: Ray does not list them",)
            jobs = [job for job in listed if job["submission_id"] in known or self._is_ours(job)]
            known |= {job["submission_id"] for job in jobs}
            for job in jobs:
                self._end(job)
            if jobs:
                gone_since = None
            elif not known or (gone_since is not None and time.monotonic() - gone_since > _SETTLED_SECONDS):
                return ()
            elif gone_since is None:
                gone_since = time.monotonic()
            if time.monotonic() > deadline:
                return tuple(f"job {job['submission_id']} ({job.get('status')})" for job in jobs)
            time.sleep(0.5)

    def _end(self, job: Mapping[str, Any]) -> None:
        """One step towards the end of one job."""
        target = f"/api/jobs/{job['submission_id']}"
        if job.get("status") not in _ENDED:
            self._send("stop", "POST", f"{target}/stop", role=Role.OPERATOR)
        elif time.time() - (job.get("end_time") or 0) / 1000 > _SETTLED_SECONDS:
            self._send("delete", "DELETE", target, role=Role.OPERATOR)

    def _is_ours(self, job: Mapping[str, Any]) -> bool:
        return any(mark.format(run=self.scene.run) in str(job.get("entrypoint")) for mark in MARKS)

    def _jobs(self) -> list[dict[str, Any]] | None:
        answer = self._send("list", "GET", "/api/jobs/", role=Role.OPERATOR)
        try:
            listed = json.loads(answer.body)
        except ValueError:
            return None
        if answer.status != 200 or not isinstance(listed, list):
            return None
        return [job for job in listed if isinstance(job, dict) and job.get("submission_id")]

    def _send(self, label: str, method: str, target: str, body: bytes = b"", role: Role = Role.SUBMITTER) -> Answer:
        subject = self.scene.subject("owner" if role is Role.SUBMITTER else "operator")
        token = self.scene.token(f"ground-{label}", role=role, subject=subject)
        return self.wire.send(self.scene.request(method, target, (), body, token=token, seconds=30))


def _object(answer: Answer) -> dict[str, Any]:
    """The answer's JSON object; empty when it has none."""
    try:
        value = json.loads(answer.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
