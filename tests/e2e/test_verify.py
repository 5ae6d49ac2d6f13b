"""`rayfence verify` against a real Ray behind a real gateway: every attack fails, and nothing stays behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [pytest.mark.ray, pytest.mark.exhaustive]

RAYFENCE = Path(sys.executable).with_name("rayfence")
NAME = "verified"


@dataclass(frozen=True)
class Instance:
    """A running instance, and the command line that reaches it."""

    state: Path
    environment: dict[str, str]

    def command(self, *words: str) -> list[str]:
        return [str(RAYFENCE), *words, "--name", NAME, "--state-dir", str(self.state)]

    def run(self, *words: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), check=False, capture_output=True, text=True, timeout=timeout, env=self.environment
        )

    def jobs(self) -> list[str]:
        """Submission ids, as the operator sees them."""
        code = "from ray.job_submission import JobSubmissionClient as C;import json,os;"
        code += "client=C(os.environ['RAY_ADDRESS'],headers=json.loads(os.environ['RAY_JOB_HEADERS']));"
        code += "print(json.dumps([job.submission_id for job in client.list_jobs()]))"
        command = [*self.command("exec"), "--", sys.executable, "-c", code]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120, env=self.environment)
        value = json.loads(done.stdout.strip().splitlines()[-1])
        assert isinstance(value, list)
        return value

    def users(self) -> str:
        return self.run("user", "list").stdout


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An instance for this file; taken down and forgotten afterwards."""
    home = tmp_path_factory.mktemp("home")
    made = Instance(tmp_path_factory.mktemp("state"), {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home)})
    try:
        up = made.run("up", timeout=300)
        assert up.returncode == 0, up.stderr
        yield made
    finally:
        made.run("down", "--purge", "--yes", timeout=120)


def test_every_attack_fails_and_every_control_works(instance: Instance) -> None:
    users, jobs = instance.users(), instance.jobs()
    done = instance.run("verify", "--json")
    report = json.loads(done.stdout)
    bad = [
        f"{row['attack']}: {row['seen']} / {row['control']}"
        for row in report["evidence"]
        if row["verdict"] in ("fail", "unknown") and not row["known"]
    ]
    assert not bad, "\n".join(bad)
    assert done.returncode == 0, done.stderr
    assert report["attacks"] > 1100
    assert {name.partition("-")[0] for name in report["known"]} <= {"direct.metrics", "direct.serve"}
    assert {row["group"] for row in report["evidence"]} >= {"tokens", "job code", "other people's jobs", "Ray Client"}
    assert instance.users() == users
    assert instance.jobs() == jobs


def test_an_interrupted_run_leaves_nothing(instance: Instance) -> None:
    users, jobs = instance.users(), instance.jobs()
    with subprocess.Popen(
        instance.command("verify"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=instance.environment
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "published attacks" in line:  # the account and the job are there
                break
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=180)
    assert process.returncode == 130
    assert instance.users() == users
    assert instance.jobs() == jobs
