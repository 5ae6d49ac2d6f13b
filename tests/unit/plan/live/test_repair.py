"""One patch for what an apply can't put right."""

import pytest

from rayfence.model.live import FieldChange, FieldState
from rayfence.plan.live.repair import needs_patch, repair_patch


def _change(state: FieldState, pointer: str, want: object = None, have: object = None) -> FieldChange:
    return FieldChange("x", state, want, have, None, False, pointer=pointer)


def test_only_what_others_put_beside_ours_needs_a_patch() -> None:
    assert needs_patch([_change(FieldState.FOREIGN, "/spec/ingress")])
    for state in FieldState:
        assert needs_patch([_change(state, "/spec/x")]) is (state is FieldState.FOREIGN)
    assert not needs_patch([])


def test_nothing_is_done_to_another_version() -> None:
    assert repair_patch([], "7") == ({"op": "test", "path": "/metadata/resourceVersion", "value": "7"},)


def test_indices_are_used_before_they_move() -> None:
    patch = repair_patch(
        [
            _change(FieldState.FOREIGN, "/spec/containers/2", have={}),
            _change(FieldState.FOREIGN, "/spec/containers/11/env/3", have={}),
            _change(FieldState.CHANGED, "/spec/containers/11/env/4", "a", "b"),
            _change(FieldState.FOREIGN, "/spec/containers/10", have={}),
            _change(FieldState.MISSING, "/spec/containers/-", {"name": "x"}),
        ],
        "7",
    )
    assert [(step["op"], step["path"]) for step in patch[1:]] == [
        ("replace", "/spec/containers/11/env/4"),
        ("add", "/spec/containers/-"),
        ("remove", "/spec/containers/11/env/3"),
        ("remove", "/spec/containers/10"),
        ("remove", "/spec/containers/2"),
    ]


def test_what_an_apply_does_is_left_to_it_so_that_the_patch_owns_little() -> None:
    patch = repair_patch(
        [
            _change(FieldState.FOREIGN, "/spec/template/hostNetwork", have=True),
            _change(FieldState.CHANGED, "/spec/replicas", 1, 2),
            _change(FieldState.MISSING, "/metadata/labels/a", "b"),
            _change(FieldState.LEFT, "/spec/old", have=1),
            _change(FieldState.ADDED, "/spec/selector/x", have=1),
        ],
        "7",
    )
    assert [step["path"] for step in patch[1:]] == ["/spec/template/hostNetwork"]


def test_an_order_is_left_to_the_apply() -> None:
    assert len(repair_patch([_change(FieldState.REORDERED, "/spec/containers", ["a"], ["b"])], "7")) == 1


def test_a_digest_is_never_written_as_data() -> None:
    with pytest.raises(ValueError, match="Secret"):
        repair_patch(
            [
                _change(FieldState.CHANGED, "/data/tls.key", "sha256:00", "sha256:11"),
                _change(FieldState.FOREIGN, "/data/more", None, "sha256:22"),
            ],
            "7",
        )
