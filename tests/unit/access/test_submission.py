"""Submissions: what is refused, dropped, kept, and put in."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.packages import owner_namespace
from rayfence.access.stamp import STAMP_KEY
from rayfence.access.submission import MAX_ENTRYPOINT, Submission, SubmissionRefused, interpreted, parse_submission

LIMIT = 1024 * 1024
BOB = owner_namespace(b"k" * 32, "bob")


def parse(**body: object) -> Submission:
    return parse_submission(json.dumps({"entrypoint": "python x.py", **body}).encode(), LIMIT)


def out(submission: Submission) -> dict[str, object]:
    body = json.loads(submission.to_body(namespace=BOB, submission_id="pi-0123456789abcdef", stamp="v1.a.b"))
    assert isinstance(body, dict)
    return body


def test_what_rays_own_client_sends_is_accepted() -> None:
    """Every field of Ray's request, unset ones as null, as `JobSubmissionClient` serialises them."""
    submission = parse(
        submission_id=None,
        job_id=None,
        runtime_env={"working_dir": "gcs://_ray_pkg_a1.zip", "env_vars": {"A": "1"}, "_ray_commit": "x"},
        metadata={"team": "vision"},
        entrypoint_num_cpus=0.5,
        entrypoint_num_gpus=None,
        entrypoint_memory=1024,
        entrypoint_resources={"tpu": 1},
        entrypoint_label_selector={"zone": "a"},
        some_future_key=None,
    )
    assert out(submission) == {
        "entrypoint": "python x.py",
        "submission_id": "pi-0123456789abcdef",
        "runtime_env": {"working_dir": f"gcs://_ray_pkg_rf{BOB}_a1.zip", "env_vars": {"A": "1"}, "_ray_commit": "x"},
        "metadata": {"team": "vision", STAMP_KEY: "v1.a.b"},
        "entrypoint_num_cpus": 0.5,
        "entrypoint_memory": 1024,
        "entrypoint_resources": {"tpu": 1},
        "entrypoint_label_selector": {"zone": "a"},
    }


def test_the_wish_never_becomes_the_id() -> None:
    submission = parse(submission_id="../05000000")
    assert submission.wish == "../05000000"
    assert out(submission)["submission_id"] == "pi-0123456789abcdef"


@pytest.mark.parametrize(
    "key",
    [
        *("job_submission_id", "job_name", "rayfence.owner", "rayfence.", "rayfence", "RAYFENCE.Owner"),
        *(" job_submission_id", "Job_Name", "rayfence.owner ", "rayfence_x", "rayfence.own\u0435r"),
    ],
)
def test_interpreted_metadata_is_dropped_and_told(key: str) -> None:
    submission = parse(metadata={key: "x", "mine": "y"})
    assert submission.metadata == (("mine", "y"),)
    assert submission.dropped == (key,)
    assert out(submission)["metadata"] == {"mine": "y", STAMP_KEY: "v1.a.b"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"job_id": "05000000"}, "job_id"),
        ({"user": "root"}, "unknown keys"),
        ({"entrypoint": ""}, "entrypoint"),
        ({"entrypoint": "  "}, "entrypoint"),
        ({"entrypoint": ["a"]}, "entrypoint"),
        ({"entrypoint": None}, "entrypoint"),
        ({"entrypoint": "a\x00b"}, "NUL"),
        ({"entrypoint": "a" * (MAX_ENTRYPOINT + 1)}, "bytes"),
        ({"submission_id": 5}, "submission_id"),
        ({"entrypoint_num_cpus": "1"}, "entrypoint_num_cpus"),
        ({"entrypoint_num_cpus": True}, "entrypoint_num_cpus"),
        ({"entrypoint_num_gpus": -1}, "entrypoint_num_gpus"),
        ({"entrypoint_memory": 1.5}, "entrypoint_memory"),
        ({"entrypoint_memory": 2**63}, "entrypoint_memory"),
        ({"entrypoint_resources": {"a": "1"}}, "entrypoint_resources"),
        ({"entrypoint_resources": [1]}, "entrypoint_resources"),
        ({"entrypoint_label_selector": {"a": 1}}, "label_selector"),
        ({"runtime_env": "x"}, "runtime_env"),
        ({"runtime_env": []}, "runtime_env"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"metadata": {"a": None}}, "metadata"),
        ({"metadata": {str(number): "" for number in range(65)}}, "65|64"),
        ({"metadata": {"a": "x" * 5000}}, "metadata"),
    ],
)
def test_refuses(body: dict[str, object], said: str) -> None:
    with pytest.raises(SubmissionRefused, match=said):
        parse(**body)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"entrypoint": "a", "entrypoint": "b"}', "twice"),
        (b'{"entrypoint": "a", "metadata": {"x": "1", "x": "2"}}', "twice"),
        (b'{"entrypoint": "a", "entrypoint_num_cpus": NaN}', "not JSON"),
        (b'["entrypoint"]', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"\xff\xfe", "not usable"),
        (b"x" * (LIMIT + 1), "larger"),
    ],
)
def test_refuses_bodies(data: bytes, said: str) -> None:
    with pytest.raises(SubmissionRefused, match=said):
        parse_submission(data, LIMIT)


def test_a_package_of_another_spelling_is_refused_when_the_body_is_made() -> None:
    with pytest.raises(SubmissionRefused, match="gcs://"):
        out(parse(runtime_env={"working_dir": "GCS://_ray_pkg_a.zip"}))


def test_messages_hold_nothing_of_the_body_but_key_names() -> None:
    with pytest.raises(SubmissionRefused) as caught:
        parse(runtime_env={"env_vars": {"TOKEN": "hunter2"}}, metadata={"a": 5})
    assert "hunter2" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["entrypoint", "submission_id", "job_id", "runtime_env", "metadata", "entrypoint_resources", "z"]
)


@given(st.dictionaries(KEYS, JSON))
def test_any_object_is_refused_or_comes_out_stamped(body: dict[str, object]) -> None:
    try:
        submission = parse_submission(json.dumps(body).encode(), LIMIT)
        made = out(submission)
    except SubmissionRefused:
        return
    assert made["submission_id"] == "pi-0123456789abcdef"
    assert isinstance(made["metadata"], dict) and made["metadata"][STAMP_KEY] == "v1.a.b"
    assert not any(interpreted(key) for key in made["metadata"] if key != STAMP_KEY)
    assert "job_id" not in made


@given(st.binary(max_size=80))
def test_any_bytes_are_refused_or_parsed(data: bytes) -> None:
    with contextlib.suppress(SubmissionRefused):
        parse_submission(data, LIMIT)
