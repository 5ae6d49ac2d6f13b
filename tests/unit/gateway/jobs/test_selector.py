"""Only a plain query with one selector names a job; everything else could reach another's log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.gateway.jobs.selector import SELECTORS, selected_job

MINE = "train-0123456789abcdef"


@pytest.mark.parametrize(
    "query",
    [
        f"submission_id={MINE}&node_id=ab12",
        f"node_id=ab12&filename=job-driver-{MINE}.log&lines=50000&filter_ansi_code=true",
        f"node_ip=127.0.0.1&submission_id={MINE}&timeout=30&interval=0.5&suffix=out",
    ],
)
def test_one_job(query: str) -> None:
    assert selected_job(query) == MINE


@pytest.mark.parametrize(
    "query",
    [
        "",
        "node_id=ab12",
        "actor_id=ab12",
        "task_id=ab12",
        "pid=12&node_id=ab12",
        "job_id=02000000",
        "glob=*",
        f"submission_id={MINE}&actor_id=ab",
        f"submission_id={MINE}&filename=job-driver-{MINE}.log",
        f"submission_id={MINE}&submission_id=other-0123456789abcdef",
        f"submission_id={MINE}&Actor_id=ab",
        f"submission_id={MINE}&actor%5Fid=ab",
        f"submission_id={MINE};actor_id=ab",
        f"submission_id={MINE}&&node_id=a",
        f"submission_id={MINE}&unknown=1",
        f"submission_id={MINE}&node_id",
        f"submission_id={MINE}%00",
        f"submission_id={MINE}#x",
        f"submission_id=+{MINE}",
        "submission_id=",
        "submission_id=..",
        "filename=gcs_server.out",
        f"filename=../session_latest/logs/job-driver-{MINE}.log",
        f"filename=job-driver-{MINE}.log.1",
        f"filename=job-driver-{MINE}",
        f"filename=xjob-driver-{MINE}.log",
        f"filename=job-driver-{MINE}.log%0a",
        "filename=job-driver-*.log",
        "filename=worker-ab-02000000-12.out",
        f"filename=job-driver-{MINE}%2elog",
    ],
)
def test_anything_else(query: str) -> None:
    assert selected_job(query) is None


@given(st.sampled_from(sorted(SELECTORS)), st.text(alphabet="abc=&%._-", max_size=20))
def test_a_second_selector_never_passes(name: str, value: str) -> None:
    assert selected_job(f"submission_id={MINE}&{name}={value}") is None
