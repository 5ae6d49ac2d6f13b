"""Drift against a real API server's objects: see `tests/data/live`."""

import copy
import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rayfence.model.live import FieldState
from rayfence.plan.live.fields.changes import changes
from rayfence.plan.live.fields.owned import entries, owned_paths
from rayfence.plan.live.repair import needs_patch, repair_patch

FILE = Path(__file__).parents[1] / "data" / "live" / "recorded-1.36.json.gz"
OURS = "rayfence"
CHANGED, MISSING, ADDED, FOREIGN, REORDERED = (
    FieldState.CHANGED,
    FieldState.MISSING,
    FieldState.ADDED,
    FieldState.FOREIGN,
    FieldState.REORDERED,
)
POD = "spec.template.spec"
HEAD = "spec.headGroupSpec.template.spec"
ACTIONS = "spec.validationActions"

#: What was done by hand, to what is found: path, state, and who did it.
EXPECTED: dict[str, list[tuple[str, FieldState, str | None]]] = {
    "scaled": [("spec.replicas", CHANGED, "kubectl")],
    "image": [(f"{POD}.containers[name=envoy].image", CHANGED, "kubectl-set")],
    "account": [(f"{POD}.serviceAccountName", CHANGED, "kubectl-patch")],
    "host network": [(f"{POD}.hostNetwork", FOREIGN, "kubectl-patch")],
    "container": [(f"{POD}.containers[name=evil]", FOREIGN, "kubectl-patch")],
    "verb": [("rules[0].verbs", CHANGED, "kubectl-patch")],
    "subject": [("subjects", CHANGED, "kubectl-patch")],
    "label": [('metadata.labels["pod-security.kubernetes.io/enforce"]', MISSING, None)],
    "quota": [("spec.hard.pods", CHANGED, "kubectl-patch")],
    "binding": [
        (f'{ACTIONS}["Deny"]', MISSING, "kubectl-patch"),
        (f'{ACTIONS}["Audit"]', MISSING, "kubectl-patch"),
        (f'{ACTIONS}["Warn"]', FOREIGN, "kubectl-patch"),
    ],
    "policy": [("spec.ingress", FOREIGN, "kubectl-patch")],
    "account identity": [('metadata.annotations["iam.gke.io/gcp-service-account"]', FOREIGN, "kubectl-annotate")],
    "service": [("spec.type", CHANGED, "kubectl-patch")],
    "ray account": [(f"{HEAD}.serviceAccountName", CHANGED, "kubectl-patch")],
    "ray token": [("spec.authOptions.mode", MISSING, None)],
    "autoscaler": [],
    "group": [("spec.workerGroupSpecs[groupName=evil]", ADDED, "kubectl-patch")],
    "ray head first": [(f"{HEAD}.containers[name=evil]", FOREIGN, "kubectl-patch")],
    "reordered": [(f"{HEAD}.containers", REORDERED, None)],
    "ray env": [(f"{HEAD}.containers[name=ray-head].env[name=RAY_AUTH_MODE]", FOREIGN, "kubectl-patch")],
    "worker account": [
        (
            "spec.workerGroupSpecs[groupName=small].template.spec.serviceAccountName",
            CHANGED,
            "kubectl-patch",
        )
    ],
}
#: Only the size of something: everything else is a guard.
HARMLESS = {"scaled", "autoscaler"}


@cache
def _recorded() -> dict[str, Any]:
    return dict(json.loads(gzip.decompress(FILE.read_bytes())))


OBJECTS = {item["reference"]: item for item in _recorded()["objects"]}
CASES = {item["name"]: item for item in _recorded()["cases"]}


def _merged(value: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    base = dict(value) if isinstance(value, dict) else {}
    for name, item in patch.items():
        if item is None:
            base.pop(name, None)
        else:
            base[name] = _merged(base.get(name), item)
    return base


def _case(name: str) -> tuple[Any, Any]:
    recorded = OBJECTS[CASES[name]["reference"]]
    return recorded["desired"], _merged(recorded["live"], CASES[name]["patch"])


@pytest.mark.parametrize("reference", OBJECTS)
def test_what_was_just_applied_has_no_change(reference: str) -> None:
    assert changes(OBJECTS[reference]["desired"], OBJECTS[reference]["live"], OURS) == ()


def _steps(path: str) -> list[str]:
    return re.findall(r'\["(?:[^"\\]|\\.)*"\]|\[[^\]]*\]|[^.\[]+', path)


def _at(value: Any, path: str) -> Any:
    """The value at a path as kubectl writes it. Fails where there is none."""
    for step in _steps(path):
        inner = step[1:-1]
        if not step.startswith("["):
            value = value[step]
        elif inner.startswith('"'):
            name = json.loads(inner)
            value = value[name] if isinstance(value, dict) else next(item for item in value if item == name)
        elif inner.isdecimal():
            value = value[int(inner)]
        else:
            keys = dict(pair.split("=", 1) for pair in re.split(r",(?=[A-Za-z]+=)", inner))
            value = next(item for item in value if all(str(item[name]) == text for name, text in keys.items()))
    return value


@pytest.mark.parametrize("reference", OBJECTS)
def test_what_the_server_says_we_own_is_what_we_sent(reference: str) -> None:
    desired, live = OBJECTS[reference]["desired"], OBJECTS[reference]["live"]
    (ours,) = (entry for entry in entries(live) if entry.is_ours(OURS))
    owned = list(owned_paths(ours.fields))
    assert len(owned) == len(set(owned)) > 0
    for path in owned:
        _at(live, path)
        _at(desired, path)
    for path, _, _ in _scalars(desired, ""):
        assert any(path == top or path.startswith((f"{top}.", f"{top}[")) for top in owned), path


def _scalars(value: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Path, container and key of every scalar that is no name of the object or of a list's item."""
    if isinstance(value, dict):
        for name, item in value.items():
            if path == "" and name in {"apiVersion", "kind"}:
                continue
            if path == "metadata" and name not in {"labels", "annotations"}:
                continue
            plain = name.replace("_", "").replace("-", "").isalnum()
            here = f"{path}.{name}" if plain and path else name if plain else f"{path}[{json.dumps(name)}]"
            yield from _leaf(item, here, value, name)
    elif isinstance(value, list):
        keys = _keys(path, value)
        for index, item in enumerate(value):
            named = ",".join(f"{key}={item[key]}" for key in keys) if keys else str(index)
            if path == ACTIONS:
                named = json.dumps(item)
            yield from _leaf(item, f"{path}[{named}]", value, index)


def _leaf(item: Any, path: str, container: Any, key: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(item, dict | list):
        yield from _scalars(item, path)
    else:
        yield path, container, key


#: Of the lists in the recorded objects that are told apart by keys, in this test's own words.
_LISTS = {
    "containers": ["name"],
    "volumes": ["name"],
    "env": ["name"],
    "volumeMounts": ["mountPath"],
    "workerGroupSpecs": ["groupName"],
    "listeners": ["name"],
    "matchConditions": ["name"],
    "variables": ["name"],
    "topologySpreadConstraints": ["topologyKey", "whenUnsatisfiable"],
}


def _keys(path: str, value: list[Any]) -> list[str]:
    last = _steps(path)[-1]
    if last == "ports" and value and isinstance(value[0], dict):
        return ["containerPort" if "containerPort" in value[0] else "port", "protocol"]
    return _LISTS.get(last, [])


@pytest.mark.parametrize("reference", OBJECTS)
def test_each_single_wish_that_is_not_met_is_found_and_no_other(reference: str) -> None:
    desired, live = copy.deepcopy(OBJECTS[reference]["desired"]), OBJECTS[reference]["live"]
    tried = 0
    for path, container, key in list(_scalars(desired, "")):
        before = container[key]
        if _names_an_item(path) or path.endswith(("].replicas", "].minReplicas", "].maxReplicas")):
            continue
        container[key] = "x" if isinstance(before, bool) else 7 if isinstance(before, int) and before != 7 else "other"
        found = changes(desired, live, OURS)
        container[key] = before
        assert found, path
        for change in found:
            assert path.startswith(change.path) or change.path.startswith(path.rpartition("[")[0]), (path, change)
        assert len(found) <= (2 if path.startswith(ACTIONS) else 1), (path, found)
        tried += 1
    assert tried


def _names_an_item(path: str) -> bool:
    """Whether another value would be another item; a RayCluster's autoscaler owns the replicas."""
    steps = _steps(path)
    return len(steps) > 1 and steps[-2].startswith("[") and f"{steps[-1]}=" in steps[-2]


@pytest.mark.parametrize("name", EXPECTED)
def test_what_was_done_by_hand_is_found_with_its_author(name: str) -> None:
    desired, live = _case(name)
    found = changes(desired, live, OURS)
    assert [(c.path, c.state, c.by and c.by.manager) for c in found] == EXPECTED[name]
    if name not in HARMLESS:
        assert all(change.security and change.belongs for change in found)


def test_every_case_is_expected() -> None:
    assert set(CASES) == set(EXPECTED)


def _patched(value: Any, patch: Any) -> Any:
    """RFC 6902, of the operations that are used."""
    value = copy.deepcopy(value)
    for operation in patch:
        *parts, last = [p.replace("~1", "/").replace("~0", "~") for p in operation["path"].split("/")[1:]]
        at = value
        for part in parts:
            at = at[int(part)] if isinstance(at, list) else at[part]
        if operation["op"] == "test":
            assert at[last] == operation["value"]
        elif operation["op"] == "remove":
            del at[int(last) if isinstance(at, list) else last]
        elif isinstance(at, list):
            assert operation["op"] == "replace" or last == "-"
            if last == "-":
                at.append(operation["value"])
            else:
                at[int(last)] = operation["value"]
        else:
            assert operation["op"] == "add" or last in at
            at[last] = operation["value"]
    return value


@pytest.mark.parametrize("name", EXPECTED)
def test_a_patch_leaves_nothing_that_an_apply_could_not_put_right(name: str) -> None:
    desired, live = _case(name)
    found = changes(desired, live, OURS)
    assert needs_patch(found) is any(change.state is FOREIGN for change in found)
    left = changes(desired, _patched(live, repair_patch(found, live["metadata"]["resourceVersion"])), OURS)
    assert not needs_patch(left) and all(change.path in {c.path for c in found} for change in left)


def test_a_set_of_actions_is_put_right_at_once_since_half_of_it_is_refused() -> None:
    desired, live = _case("binding")
    patch = repair_patch(changes(desired, live, OURS), live["metadata"]["resourceVersion"])
    assert sorted(_patched(live, patch)["spec"]["validationActions"]) == ["Audit", "Deny"]
