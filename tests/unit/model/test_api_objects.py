"""Reading fields of foreign objects."""

from rayfence.model.api_objects import (
    Kind,
    at,
    kind_key,
    name_of,
    namespace_of,
    number_at,
    object_at,
    objects_at,
    reference,
    text_at,
)

ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "ray", "namespace": "vision"},
    "rules": [{"verbs": ["get"]}, "nonsense"],
    "count": 3,
    "on": True,
}


def test_a_path_that_leads_nowhere_is_nothing_of_the_asked_type() -> None:
    assert at(ROLE, "metadata", "name", "deeper") is None and at(None, "a") is None
    assert text_at(ROLE, "count") == "" and number_at(ROLE, "kind") == 0 and number_at(ROLE, "on") == 0
    assert object_at(ROLE, "rules") == {} and objects_at(ROLE, "metadata") == ()


def test_fields_of_the_asked_type_are_read() -> None:
    assert text_at(ROLE, "metadata", "name") == "ray" and number_at(ROLE, "count") == 3
    assert object_at(ROLE, "metadata")["namespace"] == "vision"
    assert objects_at(ROLE, "rules") == ({"verbs": ["get"]},)


def test_an_object_is_named_as_people_name_it() -> None:
    assert reference(ROLE) == "Role vision/ray" and (namespace_of(ROLE), name_of(ROLE)) == ("vision", "ray")
    assert reference({"kind": "Namespace", "metadata": {"name": "vision"}}) == "Namespace vision"
    assert kind_key(ROLE) == ("rbac.authorization.k8s.io/v1", "Role")


def test_the_core_group_has_no_name() -> None:
    assert Kind("v1", "Pod", "pods", True).group == "" and Kind("apps/v1", "Deployment", "d", True).group == "apps"
