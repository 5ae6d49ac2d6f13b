"""Twin of rayfence.render.kubernetes.admission.policies."""

from rayfence.render.kubernetes.admission.policies import Guard, Rule, Subject, admission_objects
from tests.unit.render.kubernetes.resolutions import at
from tests.unit.render.kubernetes.schemas import check

GUARD = Guard("x", (Subject("", ("pods",)),), (Rule("true", "always"),))


def test_a_policy_fails_closed_and_has_a_binding_that_denies() -> None:
    policy, binding = admission_objects("ml", [GUARD])
    assert at(policy, "spec", "failurePolicy") == "Fail"
    assert at(binding, "spec", "policyName") == at(policy, "metadata", "name") == "rayfence-ml-x"
    assert at(binding, "spec", "validationActions") == ["Deny", "Audit"]
    assert at(binding, "spec", "matchResources", "namespaceSelector") == {
        "matchLabels": {"rayfence.dev/platform": "ml"},
        "matchExpressions": [{"key": "rayfence.dev/role", "operator": "In", "values": ["tenant"]}],
    }
    for value in (policy, binding):
        check(value, "1.7.0")


def test_variables_and_conditions_keep_their_order() -> None:
    guard = Guard("x", GUARD.subjects, GUARD.rules, (("b", "1"), ("a", "variables.b")), (("c", "true"),))
    policy = admission_objects("ml", [guard])[0]
    assert at(policy, "spec", "variables") == [
        {"name": "b", "expression": "1"},
        {"name": "a", "expression": "variables.b"},
    ]
    assert at(policy, "spec", "matchConditions") == [{"name": "c", "expression": "true"}]
