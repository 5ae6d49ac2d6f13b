"""Patterns of names: what Google and Kubernetes accept, and nothing that could leave its place in HCL or a shell."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from rayfence.spec.v1alpha1 import fields, parsed
from rayfence.spec.v1alpha1.shape import Shape
from tests.sim.platforms import changed, gke, kubernetes, mistakes, paths

#: Fields for words, paths and programs of the user's; whoever renders them quotes them.
FREE = ("policies", "owner", "entrypoint", "config", "filter")
PAYLOADS = [
    '"',
    "'",
    "${x}",
    "%{x}",
    "`id`",
    "$(id)",
    "\\",
    "\n",
    "\t",
    "\0",
    " ",
    ";",
    "#",
    "{",
    "}",
    "*",
    "\u200b",
    "ä",
    "|",
    "<",
]

POOL = "iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci-pool"
SHAPES = {
    name: next(mark for mark in kind.__metadata__ if isinstance(mark, Shape))
    for module in (fields, parsed)
    for name, kind in vars(module).items()
    if hasattr(kind, "__metadata__")
}


def strings(data: object) -> dict[str, str]:
    """Every text field of a spec that is no free text, by dotted path."""
    return {
        ".".join(map(str, path)): value
        for path, value in paths(data)
        if isinstance(value, str) and path != ("apiVersion",) and (path[-1] not in FREE or "workbench" in path)
    }


@pytest.mark.parametrize("data", [gke(), kubernetes()], ids=["gke", "kubernetes"])
def test_no_text_field_lets_a_token_in(data: dict[str, Any]) -> None:
    for payload in PAYLOADS:
        for at in (0, 1, -1):
            changes = [(path, spoiled(value, payload, at)) for path, value in strings(data).items()]
            for some in batched(changes, 60):
                told = {problem.split(": ")[0] for problem in mistakes(changed(data, *some))}
                assert not {path for path, _ in some} - told, payload


def spoiled(text: str, payload: str, at: int) -> str:
    """The text with the payload before it, within it, or (-1) after it."""
    return text + payload if at < 0 else text[:at] + payload + text[at:]


def batched(items: list[tuple[str, str]], size: int) -> Iterator[list[tuple[str, str]]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def test_no_key_of_a_label_lets_a_token_in() -> None:
    for payload in PAYLOADS:
        assert mistakes(changed(gke(), ("tenants.0.labels", {f"a{payload}b": "c"})))


@pytest.mark.parametrize("name", SHAPES)
def test_every_pattern_is_anchored_and_ends_where_the_text_ends(name: str) -> None:
    shape = SHAPES[name]
    assert shape.pattern.startswith("^") and shape.pattern.endswith("$")
    assert "\\d" not in shape.pattern and "\\w" not in shape.pattern and "\\s" not in shape.pattern, (
        "these know Unicode"
    )
    assert re.compile(shape.pattern)


@pytest.mark.parametrize("name", SHAPES)
def test_no_pattern_takes_long_to_refuse(name: str) -> None:
    shape = SHAPES[name]
    for seed in ("a", "a-", "1.", "a/", "A", "-", "a.b@c.", "projects/a"):
        text = (seed * shape.longest)[: shape.longest - 1] + "\0"
        assert re.fullmatch(shape.pattern, text) is None


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("Group", "principalSet://iam.googleapis.com/locations/global/workforcePools/people/group/a.b", "user:a@b.com"),
        ("Group", "group:a@b.com", "serviceAccount:ci@acme-ml.iam.gserviceaccount.com"),
        ("Group", "group:a@b.com", "principal://iam.googleapis.com/locations/global/workforcePools/people/subject/ada"),
        (
            "Member",
            "serviceAccount:ci@acme-ml.iam.gserviceaccount.com",
            "serviceAccount:1-compute@developer.gserviceaccount.com",
        ),
        ("Member", "serviceAccount:bot@example.com", "serviceAccount:acme-ml@appspot.gserviceaccount.com"),
        ("Workload", "serviceAccount:ci-bot@acme-ml.iam.gserviceaccount.com", "group:a@b.com"),
        ("Workload", f"principal://{POOL}/subject/repo:a/b", "serviceAccount:1-compute@developer.gserviceaccount.com"),
        ("Workload", f"principalSet://{POOL}/attribute.repository/a/b", f"principalSet://{POOL}/*"),
        ("ProjectId", "acme-ml", "acme"),
        ("Location", "northamerica-northeast1", "us"),
        ("Location", "us-central1-ai1a", "us-central"),
        ("MachineType", "a3-highgpu-8g", "n2d standard"),
        ("MachineType", "n2d-custom-4-8192", "e2"),
        ("Member", "group:a@example.com", "allAuthenticatedUsers"),
        ("Member", "serviceAccount:x@acme-ml.iam.gserviceaccount.com", "user:a@example.com"),
        ("IapMember", "domain:example.com", "allUsers"),
        ("ServiceAccount", "ray-nodes@acme-ml.iam.gserviceaccount.com", "1-compute@developer.gserviceaccount.com"),
        ("Registry", "registry.example.com:5000/ray", "https://registry.example.com/ray"),
        ("Image", "r.example.com/a/b:tag@sha256:" + "0" * 64, "r.example.com/a/b@sha256:" + "0" * 63),
        ("Image", "r.example.com/a@sha256:" + "0" * 64, "r.example.com/../a@sha256:" + "0" * 64),
        ("KeyName", "projects/acme-kms/locations/us/keyRings/r/cryptoKeys/k", "projects/acme-kms/keys/k"),
        ("Hub", "projects/acme-net/global/networks/hub", "hub"),
        ("HttpsUrl", "https://pip.example.com/simple/", "http://pip.example.com/simple/"),
        ("Version", "2.60.0", "2.60"),
        ("SecurityGroup", "gke-security-groups@example.com", "admins@example.com"),
        ("SinkDestination", "logging.googleapis.com/projects/acme-logs/locations/us/buckets/a", "gs://bucket"),
        ("LogFilter", 'severity>=ERROR AND "$5"', "${x}"),
        ("Line", "because of Jörg's trial (INC-4711)", "a\nb"),
        ("Line", "x", "   "),
        ("Tag", "123456789012/env=prod", "env=prod"),
        ("AttestorKey", "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n", "MFkw"),
        ("ExternalKey", "https://ekm.example.com/v0/keys/x", "http://ekm.example.com/x"),
        ("Recurrence", "FREQ=DAILY", "FREQ=MINUTELY"),
        ("Role", "roles/bigquery.dataViewer", "projects/x/roles/y"),
        ("ContextName", "gke_acme-ml_us-central1_x", "-x"),
        ("ApiHost", "ray", "*.example.com"),
    ],
)
def test_examples(name: str, good: str, bad: str) -> None:
    assert SHAPES[name].check(good) == good
    with pytest.raises(ValueError, match="is not"):
        SHAPES[name].check(bad)
