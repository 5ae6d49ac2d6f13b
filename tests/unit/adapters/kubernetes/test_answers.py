"""What an API server's refusals mean. Statuses as Kubernetes 1.36 gives them."""

from typing import Any

import pytest

from rayfence.adapters.kubernetes.answers import error_of
from rayfence.errors import (
    AlreadyThere,
    ChangedMeanwhile,
    CredentialsRefused,
    FieldConflict,
    Forbidden,
    KindMissing,
    KubernetesError,
    Refused,
    ServerUnreachable,
)


def _status(message: str, reason: str = "", **details: Any) -> dict[str, Any]:
    return {"kind": "Status", "message": message, "reason": reason, "details": details}


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (401, _status("Unauthorized", "Unauthorized"), CredentialsRefused),
        (403, _status('pods is forbidden: User "eve" cannot list resource "pods"', "Forbidden"), Forbidden),
        (403, _status('forbidden: User "system:anonymous" cannot get path "/api"', "Forbidden"), CredentialsRefused),
        (404, _status("the server could not find the requested resource", "NotFound"), KindMissing),
        (404, _status('namespaces "x" not found', "NotFound", name="x", kind="namespaces"), Refused),
        (409, _status('configmaps "a" already exists', "AlreadyExists", name="a"), AlreadyThere),
        (409, _status("the object has been modified", "Conflict", name="a"), ChangedMeanwhile),
        (422, _status("spec.replicas: Invalid value", "Invalid", name="a"), Refused),
        (422, _status("the server rejected our request due to an error in our request", "Invalid"), ChangedMeanwhile),
        (422, _status("testing value /metadata/resourceVersion failed", "Invalid"), ChangedMeanwhile),
        (400, _status(".spec.nonsense: field not declared in schema", "BadRequest"), Refused),
        (413, _status("Request entity too large", "RequestEntityTooLarge"), Refused),
        (429, _status("too many requests", "TooManyRequests"), ServerUnreachable),
        (503, _status("etcd is away", "ServiceUnavailable"), ServerUnreachable),
        (500, _status("failed to create typed patch object (x): .spec.nonsense: field not declared"), Refused),
        (500, _status('failed calling webhook "x.example.com": no endpoints', "InternalError"), Refused),
    ],
)
def test_each_refusal_has_its_error(code: int, status: dict[str, Any], kind: type[KubernetesError]) -> None:
    error = error_of(code, status, "RayCluster vision/train")
    assert type(error) is kind
    assert (
        status["message"] in str(error)
        or kind in (KindMissing,)
        or type(error) in (CredentialsRefused, ChangedMeanwhile)
    )


def test_a_conflict_names_every_field_with_its_manager() -> None:
    causes = [
        {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl-edit" using apps/v1', "field": ".a"},
        {"reason": "FieldManagerConflict", "message": 'conflict with "hpa" with subresource "scale"', "field": ".b"},
    ]
    error = error_of(409, _status("Apply failed", "Conflict", causes=causes), "Deployment x/y")
    assert isinstance(error, FieldConflict) and error.owners == (("kubectl-edit", ".a"), ("hpa", ".b"))
    assert "Deployment x/y" in str(error) and ".b (set by hpa)" in str(error)


@pytest.mark.parametrize(
    ("message", "causes", "reason", "hint"),
    [
        ("pods is forbidden: exceeded quota: tenant, requested: pods=1", [], "Forbidden", "quota"),
        ("ValidatingAdmissionPolicy 'p' with binding 'p' denied request: no", [], "Forbidden", "admission check"),
        ('violates PodSecurity "restricted:latest"', [], "Forbidden", "admission check"),
        (
            "unable to create new content in namespace x because it is being terminated",
            [{"reason": "NamespaceTerminating"}],
            "NamespaceTerminating",
            "wait until",
        ),
    ],
)
def test_refusals_of_admission_are_not_taken_for_missing_rights(
    message: str, causes: list[dict[str, str]], reason: str, hint: str
) -> None:
    error = error_of(403, _status(message, "Forbidden", causes=causes), "Pod x/y")
    assert isinstance(error, Refused) and error.reason == reason and hint in error.hint and message in str(error)


def test_what_was_sent_for_a_secret_is_never_quoted() -> None:
    status = _status('Secret "x" is invalid: data[token]: Invalid value: "hunter2"', "Invalid")
    for code in (400, 403, 409, 422, 500):
        assert "hunter2" not in str(error_of(code, status, "Secret x/y", secret=True))


def test_long_text_is_cut() -> None:
    assert len(str(error_of(422, _status("x" * 9000, "Invalid"), "Pod x/y"))) < 1100
