"""Mistakes in words: what is wrong, what is allowed, what was meant."""

import pytest

from rayfence.spec.sentences import path_of
from tests.sim.platforms import changed, gke, kubernetes, mistakes

POOL = "target.gke.pools.0"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("metadata.name", 3, "metadata.name: 3 is read as a number, but must be text: quote it"),
        ("metadata.name", True, "metadata.name: True is read as a boolean, but must be text: quote it"),
        ("metadata.name", None, "metadata.name: is empty, but must be text; or leave the key out"),
        ("operator.gates", "x", "operator.gates: 'x' is text, but must be a list (lines that begin with `- `)"),
        ("images", [], "images: must be a mapping (lines of `key: value`)"),
        (f"{POOL}.spot", "yes", f"{POOL}.spot: 'yes' is text, but must be true or false"),
        (f"{POOL}.minNodes", "3", f"{POOL}.minNodes: '3' is text, but must be a whole number"),
        (f"{POOL}.confidential", "sev", f"{POOL}.confidential: 'sev' is not allowed, did you mean 'SEV'?"),
        (
            f"{POOL}.gpu",
            {"kind": "nvidia-l4", "count": 3},
            f"{POOL}.gpu.count: 3 is not allowed; allowed: 1, 2, 4, 8, 16",
        ),
        (
            f"{POOL}.machinType",
            "x",
            f"{POOL}.machinType: unknown key, did you mean 'machineType'?; allowed here: name, ",
        ),
        ("target.gke.project", ..., "target.gke.project: is required"),
        ("tenants.0.labels", {"a b": "c"}, "tenants.0.labels.a b: 'a b' is not a label's key"),
    ],
)
def test_says(path: str, value: object, said: str) -> None:
    assert mistakes(changed(gke(), (path, value)))[0].startswith(said)


def test_a_field_of_another_target_is_said_to_be_one() -> None:
    said = "target kubernetes does not use it; it is for target gke"
    found = mistakes(changed(kubernetes(), ("encryption", {}), ("tenants.0.access", [])))
    assert sorted(found) == [f"encryption: {said}", f"tenants.0.access: {said}"]
    local = {key: gke()[key] for key in ("apiVersion", "kind")} | {"target": {"local": {}}, "images": {}}
    assert mistakes(local) == ("images: target local does not use it; it is for target kubernetes and gke",)


def test_a_second_target_is_refused() -> None:
    assert mistakes(changed(gke(), ("target.local", {}))) == (
        "target.local: a platform has one target, and this one is of gke; write another file",
    )


def test_the_validators_own_marks_are_no_part_of_a_path() -> None:
    loc = ("tenants", 0, "function-after[check()]", "labels", "x", "[key]")
    assert path_of({"type": "missing", "loc": loc, "msg": "", "input": None}) == ("tenants", 0, "labels", "x")
