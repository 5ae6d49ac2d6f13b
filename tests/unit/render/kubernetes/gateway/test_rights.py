"""Twin of rayfence.render.kubernetes.gateway.rights."""

from dataclasses import replace

from rayfence.model.tenancy import Roles
from rayfence.render.kubernetes.gateway.rights import review_binding, review_role, state_rights
from rayfence.render.kubernetes.render import render
from tests.unit.render.kubernetes.resolutions import SPEECH, VISION, at, on_gke

CI = replace(VISION, roles=Roles(submitter=("serviceAccount:ci/runner",)))


def test_one_object_by_name_and_nothing_that_lists() -> None:
    role, binding = state_rights(VISION)
    assert at(role, "rules") == [
        {
            "apiGroups": [""],
            "resources": ["configmaps"],
            "resourceNames": ["gateway-state"],
            "verbs": ["get", "update", "watch"],
        }
    ]
    account = {"kind": "ServiceAccount", "name": "gateway", "namespace": "vision-gateway"}
    assert at(binding, "subjects") == [account]
    assert at(role, "metadata", "namespace") == "vision-gateway"


def test_asking_whose_a_token_is_goes_to_gateways_that_need_it() -> None:
    assert review_role("ml", (VISION, SPEECH), people=False) == ()
    assert review_binding("ml", VISION, people=False) == ()
    assert review_binding("ml", VISION, people=True)
    role, binding = review_role("ml", (CI, SPEECH), people=False)[0], review_binding("ml", CI, people=False)[0]
    assert at(role, "rules") == [
        {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]}
    ]
    assert at(binding, "roleRef", "name") == at(role, "metadata", "name")
    references = {manifest.reference for manifest in render(on_gke(CI, SPEECH))}
    assert "ClusterRoleBinding rayfence-ml-token-review-vision" in references
    assert "ClusterRoleBinding rayfence-ml-token-review-speech" not in references
