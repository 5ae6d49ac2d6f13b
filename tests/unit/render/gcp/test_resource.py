"""One object, two forms."""

import pytest

from rayfence.render.gcp.resource import address_of, resource
from rayfence.render.gcp.values import reference


def test_both_forms_come_from_the_same_values() -> None:
    name = reference("google_a.b.id", "worth")
    made = resource(
        "a.googleapis.com/A",
        "n",
        "google_a.c",
        "group",
        body={"other": name, "none": None},
        attributes={"other": name, "text": "${x}"},
        after=("google_z.z", "google_a.b", "google_z.z", "google_a.c"),
        kept=True,
        ignored=("count",),
    )
    assert made.body == {"other": "worth"}
    assert made.attributes == {
        "other": "${google_a.b.id}",
        "text": "$${x}",
        "depends_on": ["google_a.b", "google_z.z"],
        "lifecycle": {"prevent_destroy": True, "ignore_changes": ["count"]},
    }
    assert address_of(made) == "google_a.c"


def test_what_is_no_mapping_is_refused() -> None:
    with pytest.raises(TypeError):
        resource("k", "n", "a.b", "g", body=[], attributes={})  # type: ignore[arg-type]
