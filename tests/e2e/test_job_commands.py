"""`ray job …` unmodified, in a real bash after `eval "$(rayfence env)"`, as an ordinary submitter."""

import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.arch.tree import ROOT
from tests.e2e.stack import JOB_SECONDS, Person

pytestmark = pytest.mark.ray

#: Takes seconds, so that a tail has to be live to see its lines apart.
# It talks long enough for a client that needs its time to start on a busy machine.
TALKATIVE = "import time\nfor i in range(8):\n    print('line', i, flush=True)\n    time.sleep(2.5)\n"


def job_id(text: str) -> str:
    """Of the job that `ray job submit` says it has submitted."""
    found = re.search(r"Job '([^']+)' submitted successfully", text)
    assert found, text
    return found[1]


def test_the_articles_own_line(alice: Person) -> None:
    """The sentence of the article, to the letter."""
    home = Path(alice.environment["HOME"])
    (home / "monte-carlo-pi.py").write_text((ROOT / "examples/monte-carlo-pi.py").read_text("utf-8"), "utf-8")
    done = alice.bash('ray job submit -- python -c "$(cat monte-carlo-pi.py)"')
    assert done.returncode == 0, done.stdout
    assert re.search(r"^Estimated value of pi is 3\.1[34]", done.stdout, re.MULTILINE), done.stdout
    assert f"Job '{job_id(done.stdout)}' succeeded" in done.stdout


@pytest.mark.exhaustive
def test_a_working_folder_is_uploaded_once_and_its_log_is_live(alice: Person) -> None:
    folder = Path(alice.environment["HOME"], "jobs")
    folder.mkdir(exist_ok=True)
    (folder / "main.py").write_text(TALKATIVE, encoding="utf-8")
    submit = "ray job submit --no-wait --submission-id talk --working-dir jobs -- python main.py"
    first = alice.bash(submit)
    assert first.returncode == 0, first.stdout
    assert "Uploading package" in first.stdout
    job = job_id(first.stdout)
    assert re.fullmatch(r"talk-[a-z0-9]{16}", job)
    arrivals = follow(alice, job)
    assert [line for line, _ in arrivals] == [f"line {number}" for number in range(8)]
    assert arrivals[-1][1] - arrivals[0][1] > 2, "they came all at once"
    second = alice.bash(submit)
    assert second.returncode == 0, second.stdout
    assert "already exists, skipping upload" in second.stdout
    assert "Uploading package" not in second.stdout
    assert job_id(second.stdout) != job


def follow(person: Person, job: str) -> list[tuple[str, float]]:
    """The job's own lines, each with the moment of its arrival at a terminal."""
    words = ["bash", "-c", f'eval "$(rayfence env)" && exec ray job logs --follow {job}']
    found = []
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(person.environment)
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("line "):
                found.append((line.strip(), time.monotonic()))
        assert process.wait(JOB_SECONDS) == 0
    return found


@pytest.mark.exhaustive
def test_stop_status_list_and_delete(alice: Person) -> None:
    job = job_id(alice.bash("ray job submit --no-wait -- sleep 1000").stdout)
    assert re.search("PENDING|RUNNING", alice.bash(f"ray job status {job}").stdout)
    stopped = alice.bash(f"ray job stop {job}")
    assert stopped.returncode == 0, stopped.stdout
    assert f"Job '{job}' was stopped" in stopped.stdout
    assert "was stopped" in alice.bash(f"ray job status {job}").stdout
    assert job in alice.bash("ray job list").stdout
    deleted = alice.bash(f"ray job delete {job}")
    assert deleted.returncode == 0, deleted.stdout
    assert job not in alice.bash("ray job list").stdout


@pytest.mark.exhaustive
def test_a_refusal_says_what_is_missing(alice: Person, bob: Person) -> None:
    """Ray's client prints the gateway's body: it has to name the reason, without a traceback of the server's."""
    job = job_id(alice.bash("ray job submit --no-wait -- true").stdout)
    for verb in ("stop", "delete", "logs"):
        refused = bob.bash(f"ray job {verb} {job}")
        assert refused.returncode != 0
        assert re.search("owner|operator", refused.stdout), refused.stdout
    nameless = bob.bash("unset RAY_JOB_HEADERS; ray job list")
    assert nameless.returncode != 0
    assert "unauthenticated" in nameless.stdout
