"""Drift as lines and as JSON."""

import json

from hypothesis import given
from hypothesis import strategies as st

from rayfence.model.live import Drift, FieldChange, FieldState, ObjectDrift, ObjectKey, ObjectState, Writer
from rayfence.plan.live.text import Line, drift_json, drift_lines, summary

EDIT = Writer("kubectl-edit", "Update", "2026-11-26T06:30:00Z")
KEY = ObjectKey("ray.io", "RayCluster", "vision", "train")
CHANGE = FieldChange("spec.rayVersion", FieldState.CHANGED, "2.60.0", "2.50.0", EDIT, True, "kubernetes.ray_floor")


def _drift(*changes: FieldChange, state: ObjectState = ObjectState.CHANGED, note: str = "") -> Drift:
    item = ObjectDrift(KEY, state, "Tenant vision: Ray", 5, changes, True, "Ray object train", EDIT, "u", "7", note)
    return Drift((item,), 12)


def _texts(drift: Drift) -> list[str]:
    return [line.text for line in drift_lines(drift)]


def test_a_change_says_what_is_there_what_should_be_and_who_did_it() -> None:
    assert list(drift_lines(_drift(CHANGE))) == [
        Line(0, "Tenant vision: Ray"),
        Line(1, "RayCluster vision/train differs [Ray object train]", True),
        Line(2, 'spec.rayVersion is "2.50.0", should be "2.60.0"', True),
        Line(3, "by kubectl-edit (Update, 2026-11-26T06:30:00Z); kubernetes.ray_floor"),
        Line(0, "12 objects compared: 1 changed; 1 of them weakens a guard or a right.", True),
    ]


def test_every_state_has_words() -> None:
    for state in FieldState:
        change = FieldChange("spec.x", state, {"a": 1}, [2], None, False)
        text = _texts(_drift(change))
        assert text[2].startswith("spec.x ") and text[3] == "who did it is not recorded"
    for object_state in ObjectState:
        assert _texts(_drift(state=object_state))[1].startswith("RayCluster vision/train ")


def test_an_extra_object_says_who_wrote_it_and_a_note_is_shown() -> None:
    text = _texts(_drift(state=ObjectState.EXTRA, note="marked to be kept"))
    assert text[2:4] == ["marked to be kept", f"written last by {EDIT}"]


def test_no_drift_is_one_sentence() -> None:
    assert _texts(Drift((), 12)) == ["No drift: 12 objects are as specified."]


def test_several_are_counted() -> None:
    one = _drift(CHANGE).objects[0]
    other = ObjectDrift(KEY, ObjectState.UNKNOWN, "g", 5)
    assert summary(Drift((one, one, other), 4)) == (
        "4 objects compared: 2 changed, 1 could not be read; 2 of them weaken a guard or a right."
    )


@given(st.text(), st.text())
def test_no_text_of_the_cluster_breaks_a_line_or_moves_the_cursor(path: str, value: str) -> None:
    change = FieldChange(path, FieldState.CHANGED, value, {value: value}, Writer(value, "Update", path), True, "x")
    for line in _texts(_drift(change, note=value)):
        assert line.isprintable()


def test_long_values_are_cut() -> None:
    change = FieldChange("spec.x", FieldState.MISSING, "a" * 5000, None, EDIT, False)
    assert max(map(len, _texts(_drift(change)))) < 400


def test_json_holds_everything_and_is_plain() -> None:
    found = json.loads(json.dumps(drift_json(_drift(CHANGE))))
    assert found["compared"] == 12 and found["counts"]["changed"] == 1 and found["security"] == 1
    (item,) = found["objects"]
    assert item["reference"] == "RayCluster vision/train" and item["key"]["group"] == "ray.io"
    assert item["changes"][0]["by"]["manager"] == "kubectl-edit" and item["changes"][0]["have"] == "2.50.0"
