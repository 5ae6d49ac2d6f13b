"""Files to raw policies: formats told apart, places kept, hostile input refused in words."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.catalog.constraints import load_known_constraints
from rayfence.errors import OrganizationError
from rayfence.organization.effective import effective
from rayfence.organization.raw import SOME_ORGANIZATION, RawRule
from rayfence.organization.read import MOST_POLICIES, node_of, read
from tests.unit.organization.policy_files import LOCATIONS, SHIELDED, allow, as_file, enforce, v2

V1 = {"constraint": f"constraints/{SHIELDED}", "etag": "x", "booleanPolicy": {"enforced": True}}
STATE = {
    "version": 4,
    "resources": [
        {
            "mode": "managed",
            "type": "google_org_policy_policy",
            "name": "shielded",
            "instances": [
                {
                    "attributes": {
                        "name": f"organizations/1/policies/{SHIELDED}",
                        "parent": "organizations/1",
                        "spec": [{"rules": [{"enforce": "TRUE", "allow_all": "", "values": [], "condition": []}]}],
                        "dry_run_spec": [],
                    }
                }
            ],
        }
    ],
}


@pytest.mark.parametrize(
    ("path", "data", "node"),
    [
        ("p.json", v2("organizations/1", SHIELDED, enforce()), "organizations/1"),
        ("p.json", [v2("folders/2", SHIELDED, enforce())], "folders/2"),
        ("p.json", {"policies": [v2("folders/2", SHIELDED, enforce())]}, "folders/2"),
        ("folders/2/p.json", V1, "folders/2"),
        ("organizations-1.json", [V1], "organizations/1"),
        ("org.tfstate", STATE, "organizations/1"),
        ("organization/p.json", {SHIELDED: {"rules": [{"enforce": True}]}}, SOME_ORGANIZATION),
        ("p.json", {SHIELDED: {"rules": [{"enforce": True}]}}, ""),
    ],
)
def test_every_format_says_the_same(path: str, data: object, node: str) -> None:
    (policy,) = read([as_file(path, data)]).policies
    assert (policy.constraint, policy.node, policy.rules) == (SHIELDED, node, (RawRule(enforce=True),))
    assert policy.place.startswith(f"{path}:")


def test_yaml_as_gcloud_prints_it() -> None:
    text = f"name: folders/2/policies/{SHIELDED}\nspec:\n  etag: x\n  rules:\n  - enforce: true\n"
    (policy,) = read([("describe.yaml", text.encode())]).policies
    assert (policy.node, policy.place) == ("folders/2", "describe.yaml:1")


def test_places_are_lines() -> None:
    (first, second) = read([as_file("p.json", [v2("folders/2", LOCATIONS, allow("a")), V1])]).policies[:2]
    lines = json.dumps([v2("folders/2", LOCATIONS, allow("a")), V1], indent=1).splitlines()
    for policy in (first, second):
        line = int(policy.place.rpartition(":")[2])
        assert policy.constraint in lines[line - 1]


@pytest.mark.parametrize(
    ("path", "node"),
    [
        ("org-policies/organizations/1/x.json", "organizations/1"),
        ("a/folders/22/projects/acme-ml/x.yaml", "projects/acme-ml"),
        ("project_acme-ml.json", "projects/acme-ml"),
        ("folder-2.yml", "folders/2"),
        ("folders/networking/x.yaml", ""),
        ("organization/org-policies/gke.yaml", SOME_ORGANIZATION),
        ("x.json", ""),
        ("", ""),
    ],
)
def test_nodes_of_paths(path: str, node: str) -> None:
    assert node_of(path) == node


def test_ancestors_tags_and_projects() -> None:
    chain = [{"id": "p", "type": "project"}, {"id": "2", "type": "folder"}, {"id": "1", "type": "organization"}]
    tags = [{"tagKey": "tagKeys/1", "tagValue": "tagValues/2", "namespacedTagValue": "1/env/prod", "inherited": True}]
    described = {"projectId": "p", "projectNumber": "77", "parent": {"type": "folder", "id": "2"}}
    raw = read([as_file("a.json", chain), as_file("t.json", tags), as_file("d.json", described)])
    assert raw.ancestry["projects/p"] == ("folders/2", "organizations/1")
    assert raw.tags == ("1/env=prod", "tagKeys/1=tagValues/2")
    assert raw.numbers == {"77": "p"}
    with pytest.raises(OrganizationError, match="lies under"):
        read([as_file("a.json", chain), as_file("d.json", {**described, "parent": {"type": "folder", "id": "3"}})])


def test_what_is_not_understood_is_told() -> None:
    beside = ("list.json", b"[]")
    assert "not read" in read([beside, as_file("x.json", {"a": 1})]).problems[0]
    assert "not read" in read([beside, ("readme.yaml", b"- hello\n")]).problems[0]
    assert "is not NODE" in read([beside, as_file("x.json", {"name": "x/policies/y", "spec": {}})]).problems[0]
    assert read([("none.yaml", b"# nothing\n"), ("list.json", b"[]")]).problems == ()


def test_an_empty_export_is_no_organisation_without_policies() -> None:
    empty = ("org/empty.json", b" \n")
    assert read([empty, ("none.yaml", b"# nothing\n")]).problems == ("org/empty.json: empty; did its export fail?",)
    with pytest.raises(OrganizationError, match="did its export fail"):
        read([empty])


def test_files_of_which_none_is_understood_are_not_an_organisation_without_policies() -> None:
    with pytest.raises(OrganizationError) as caught:
        read([as_file("spec.json", {"kind": "Platform"}), ("hostname", b"box-1\n")])
    assert len(caught.value.problems) == 2
    assert read([]).policies == read([("list.json", b"[]")]).policies == ()


@pytest.mark.parametrize(
    ("path", "raw", "said"),
    [
        ("x.json", b'{"a": 1,\n "a": 2}', "x.json:2: key 'a' stands twice"),
        ("x.json", b"{\n]", "x.json:2: not JSON"),
        ("x.json", b'{"a": NaN}', "NaN"),
        ("x.json", b'{"a": 1e999}', "U+0000"),
        ("x.json", b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        ("x.json", b'{"a": "\\ud800"}', "U+D800"),
        ("x.json", b'{"a": "\\u001b[31m"}', "U+001B"),
        ("x.json", b"[" * 100_000, "nested"),
        ("x.json", b"[" * 500 + b"]" * 500, "nested deeper"),
        ("x.json", b'{"a": "\xff"}\n', "x.json:1: not UTF-8"),
        ("x.yaml", b"a: 1\nb: \xff\n", "x.yaml:2: not UTF-8"),
        ("x.yaml", b"a: &x 1\nb: *x\n", "x.yaml:1:4: anchors"),
        ("x.yaml", b"a.b: {}\na.b: {}\n", "x.yaml:2:1: key 'a.b' stands twice"),
        ("x.yaml", b"a: !!python/object:os.system {}\n", "tag"),
        ("x.yaml", b"a: 1\n---\nb: 2\n", "not YAML"),
        ("x.yaml", b"a: " + b"[" * 100, "nested deeper"),
        ("x.yaml", b'a: "\\ud800"\n', "not YAML"),
        ("x.yaml", b"a: 1\n" * 100_000, "too large for YAML"),
        ("bad\nname\x1b.json", b"{", "bad"),
    ],
)
def test_broken_and_hostile_files_are_refused_in_words(path: str, raw: bytes, said: str) -> None:
    with pytest.raises(OrganizationError) as caught:
        read([("good.json", b"[]"), (path, raw)])
    message = str(caught.value)
    assert said in message
    assert caught.value.exit_status == 3
    assert "\x1b" not in message
    message.encode("utf-8")


def test_all_broken_files_are_named_at_once() -> None:
    with pytest.raises(OrganizationError) as caught:
        read([("a.json", b"{"), ("b.yaml", b"a: [")])
    assert len(caught.value.problems) == 2


def test_ten_megabytes_are_read_in_seconds() -> None:
    policies = [
        v2(f"folders/{number}", LOCATIONS, allow(*(f"v{item}" for item in range(40)))) for number in range(15_000)
    ]
    raw = json.dumps(policies, indent=1).encode()
    assert len(raw) > 10_000_000
    started = time.process_time()
    found = read([("big.json", raw)])
    facts = effective(found, "p", ("folders/7", "organizations/1"), None, load_known_constraints())
    assert facts.policies[LOCATIONS].values is not None
    assert time.process_time() - started < 10


def test_more_policies_than_any_organisation_has_are_refused() -> None:
    raw = json.dumps([v2("projects/p", f"custom.c{number}", enforce(True)) for number in range(MOST_POLICIES + 1)])
    with pytest.raises(OrganizationError) as caught:
        read([("big.json", raw.encode())])
    assert "more than 20000 policies" in caught.value.problems[0] and len(caught.value.problems) == 1


KEYS = (
    "name",
    "spec",
    "dryRunSpec",
    "rules",
    "values",
    "enforce",
    "allowAll",
    "denyAll",
    "allowedValues",
    "deniedValues",
    "condition",
    "expression",
    "parameters",
    "inheritFromParent",
    "reset",
    "constraint",
    "listPolicy",
    "booleanPolicy",
    "restoreDefault",
    "resources",
    "version",
    "type",
    "instances",
    "attributes",
    "resource",
    "google_org_policy_policy",
    "firewalls",
    "firewallPolicys",
    "match",
    "priority",
    "a.b",
    "dry_run:a.b",
    "custom.x",
    "allow",
    "deny",
    "all",
    "projectId",
    "projectNumber",
    "tagValue",
    "id",
    "format_version",
    "root_module",
    "resourceTypes",
    "methodTypes",
    "policies",
    "parent",
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=25,
)
NAMES = st.sampled_from([f"organizations/1/policies/{LOCATIONS}", f"projects/p/policies/{SHIELDED}", "x", "custom.a"])


@settings(max_examples=300)
@given(JSON, NAMES, JSON)
def test_any_json_is_read_or_refused(data: object, name: str, spec: object) -> None:
    for whole in (data, {"name": name, "spec": spec}, {"constraint": "a.b", "listPolicy": spec}, {"a.b": spec}):
        try:
            raw = read([("x.json", json.dumps(whole).encode())])
        except OrganizationError as error:
            str(error).encode()
            continue
        facts = effective(raw, "p", ("organizations/1",), None, load_known_constraints())
        repr(facts)
        "\n".join(facts.problems).encode()


@settings(max_examples=200)
@given(st.binary(max_size=200), st.sampled_from(["x.json", "x.yaml", "x.tfstate", "x"]))
def test_any_bytes_are_read_or_refused(raw: bytes, path: str) -> None:
    try:
        found = read([(path, raw)])
    except OrganizationError as error:
        str(error).encode()
    else:
        "\n".join(found.problems).encode()
