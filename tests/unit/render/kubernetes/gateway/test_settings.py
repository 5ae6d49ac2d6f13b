"""Twin of rayfence.render.kubernetes.gateway.settings."""

from dataclasses import fields, replace

from rayfence.model.gateway_pod import Holder
from rayfence.model.routes import Right, Role
from rayfence.model.tenancy import Roles
from rayfence.render.kubernetes.gateway.settings import (
    client_accounts,
    groups,
    holders,
    pod_settings,
    reviews,
    served_settings,
    sidecar_host,
    token_file,
)
from rayfence.render.kubernetes.gateway.site import site_of
from tests.unit.render.kubernetes.resolutions import ROLES, VISION, existing

SITE = site_of(VISION, existing())


def test_ray_objects_differ_in_what_is_theirs_alone() -> None:
    """One Envoy and one service serve all of them."""
    theirs = {"hosts", "ray_version", "ray_token", "ray_token_sds", "workload", "sidecar"}
    first, *others = (served_settings(SITE, one) for one in SITE.objects)
    for field in fields(first):
        same = all(getattr(first, field.name) == getattr(one, field.name) for one in others)
        assert same or field.name in theirs, field.name
    assert len({one.ray_token for one in (first, *others)}) == len(SITE.objects)


def test_heads_are_met_at_their_services() -> None:
    cluster, service = served_settings(SITE, SITE.objects[0]), served_settings(SITE, SITE.objects[-1])
    assert cluster.sidecar is not None
    assert service.sidecar is not None
    assert cluster.sidecar.host == sidecar_host("vision", "cluster-train") == "cluster-train.vision.svc"
    assert (cluster.sidecar.client_port, cluster.sidecar.serve_port) == (8444, 0)
    assert (service.sidecar.client_port, service.sidecar.serve_port) == (0, 8445)
    assert cluster.ray_token_sds.endswith(token_file("cluster-train"))


def test_clients_see_the_services_port_and_envoy_listens_on_the_pods() -> None:
    settings = served_settings(SITE, SITE.objects[0])
    assert settings.origin(settings.hosts.login) == "https://gateway.vision-gateway.svc"
    assert settings.listen_port == 8443


def test_a_member_holds_its_highest_role_and_every_right() -> None:
    roles = Roles(
        viewer=("group:a", "group:b"),
        submitter=("group:b",),
        operator=("group:b",),
        ray_client=("group:b", "serviceAccount:ci/runner"),
        serve_call=("group:b",),
    )
    assert holders(roles) == (
        Holder("group:a", Role.VIEWER),
        Holder("group:b", Role.OPERATOR, (Right.RAY_CLIENT, Right.SERVE_CALL)),
        Holder("serviceAccount:ci/runner", None, (Right.RAY_CLIENT,)),
    )
    assert client_accounts(roles) == ("serviceAccount:ci/runner",)


def test_tokens_of_the_cluster_are_taken_only_where_it_vouches_for_a_member() -> None:
    on_google = replace(SITE, people=False)
    assert pod_settings(on_google, ROLES).client_audience == ""
    google = Roles(viewer=("serviceAccount:a@p.iam.gserviceaccount.com",))
    assert pod_settings(SITE, google).client_audience == ""
    runner = Roles(viewer=("serviceAccount:ci/runner",))
    assert pod_settings(SITE, runner).client_audience == "rayfence:ml:vision:clients"
    assert not pod_settings(SITE, runner).people


def test_people_are_taken_by_group_and_never_by_one_of_the_servers_own() -> None:
    team = Roles(viewer=("group:team@example.com",))
    assert pod_settings(SITE, team).people and not pod_settings(replace(SITE, people=False), team).people
    assert pod_settings(SITE, team).client_audience == "rayfence:ml:vision:clients"
    everybody = Roles(viewer=("group:system:authenticated", "group:"))
    assert groups(everybody) == () and not reviews(everybody, people=True)
