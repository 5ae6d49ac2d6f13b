import pytest

from rayfence.catalog.actors import BASIC, load_actors, parse_actors
from rayfence.catalog.documents import read_data
from rayfence.errors import CatalogError

TEXT = read_data("actors.yaml")


def test_every_actor_says_the_worst_and_every_role_its_meaning() -> None:
    actors = load_actors()
    assert {"platform-admin", "developer", "operator-installer", "ci", "node", "ray-head", "ray-worker"} <= set(
        actors.actors
    )
    assert {"autoscaler", "gateway", "scanner", "iap-user", "auditor"} <= set(actors.actors)
    assert all(actor.worst and (actor.why or actor.grants) for actor in actors.actors.values())
    assert not BASIC & set(actors.meanings)
    assert "see Google's reference" in actors.meaning("roles/x.y")


def test_the_articles_three_roles_are_each_some_grants() -> None:
    actors = load_actors()
    used = {grant.article for actor in actors.actors.values() for grant in actor.grants} - {""}
    assert used == set(actors.article) == {"cluster-admin", "developer", "admin"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("role: roles/container.clusterAdmin, resource: project", "role: roles/owner, resource: project"),
        ("role: roles/container.clusterAdmin, resource: project", "role: roles/new.role, resource: project"),
        ("role: roles/container.clusterAdmin, resource: project", "role: roles/container.clusterAdmin, resource: moon"),
        ("article: developer}", "article: nobody}"),
        ("  roles/container.clusterAdmin: ", "  roles/editor: x\n  roles/container.clusterAdmin: "),
        ("when: perimeter", "when: full-moon"),
        ("    people: true\n    to_name: a group of those who check", "    people: perhaps\n    to_name: a group"),
        ("    to_name: a group of those who check the platform\n", ""),
        ("    now: kept as it is", "    then: kept as it is"),
    ],
)
def test_a_wrong_file_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(CatalogError):
        parse_actors(TEXT.replace(old, new), "actors.yaml")
