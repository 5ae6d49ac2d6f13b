"""Names shared with the Gateway's objects."""

from dataclasses import replace

from rayfence.model.gke import IapExposure, IapScope
from rayfence.render.gcp.exposure.names import DashboardNames, balancers, dashboard_names, tenant_hosts, worldwide
from tests.unit.render.gcp.settings import STANDARD


def test_names_are_the_clusters() -> None:
    assert dashboard_names(STANDARD) == DashboardNames("ray-dashboard", "ray-dashboard", "ray-tls")


def test_an_ingress_is_worldwide_whatever_was_asked_for() -> None:
    iap = IapExposure("h", (), scope=IapScope.REGIONAL)
    assert not worldwide(iap) and worldwide(replace(iap, legacy_ingress=True))


def test_one_load_balancer_for_all_unless_each_has_an_ingress() -> None:
    iap = IapExposure("h.", ())
    assert [item.hosts for item in balancers(STANDARD, iap, ("a", "b"))] == [("*.h",)]
    legacy = replace(iap, legacy_ingress=True)
    assert [item.hosts for item in balancers(STANDARD, legacy, ("a", "b"))] == [
        tenant_hosts("a", iap),
        tenant_hosts("b", iap),
    ]
    assert tenant_hosts("a", iap) == ("a.h", "a-dashboard.h", "a-login.h")
