"""Twin of rayfence.render.gcp.identity.readers: ours by reference, those of others by name."""

import pytest

from rayfence.model.gke_settings import Repository
from rayfence.render.gcp.identity.readers import READER, made_here, reader_resource
from rayfence.render.gcp.values import text
from tests.unit.render.gcp.settings import STANDARD

OURS = Repository(STANDARD.project, STANDARD.network.region, STANDARD.registries[0].name)


def test_ours_is_referred_to() -> None:
    made = reader_resource(STANDARD, OURS, "n", "l", text("group:a@b.c"), after=("google_x.y",))
    assert made_here(STANDARD, OURS)
    assert str(made.attributes["repository"]).startswith("${google_artifact_registry_repository.")
    assert made.attributes["location"] == "${local.region}" and made.attributes["project"] == "${local.project}"
    assert made.attributes["role"] == READER and made.attributes["member"] == "group:a@b.c"
    assert made.attributes["depends_on"] == ["google_x.y"]


@pytest.mark.parametrize(
    "where",
    [
        Repository("others", OURS.location, OURS.name),
        Repository(OURS.project, "europe", OURS.name),
        Repository(OURS.project, OURS.location, "ray"),
    ],
)
def test_another_is_named(where: Repository) -> None:
    made = reader_resource(STANDARD, where, "n", "l", text("group:a@b.c"))
    assert not made_here(STANDARD, where)
    assert made.attributes["repository"] == where.name and made.attributes["location"] == where.location
    project = "${local.project}" if where.project == STANDARD.project else "others"
    assert made.attributes["project"] == project
