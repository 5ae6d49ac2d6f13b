"""Names and usages of the leaves."""

from rayfence.model.desired import CertificateRequest
from rayfence.render.local.certificates import certificate_requests
from rayfence.render.local.layout import Layout
from rayfence.render.local.settings import gateway_settings
from rayfence.spec import DEFAULT_SPEC
from tests.unit.policy.test_resolve import resolved


def leaves(spec: str = DEFAULT_SPEC) -> dict[str, CertificateRequest]:
    resolution = resolved(spec=spec)
    layout = Layout(resolution.host.places)
    return {leaf.name: leaf for leaf in certificate_requests(resolution, layout, gateway_settings(resolution, layout))}


def test_the_gateways_leaf_has_every_name_it_answers_to_and_is_renewed_hot() -> None:
    gateway = leaves(DEFAULT_SPEC + "metadata: {name: ml}\n")["gateway"]
    assert gateway.dns == ("localhost", "dashboard.ml.localhost", "login.ml.localhost")
    assert gateway.ips == ("127.0.0.1", "::1")
    assert (gateway.server, gateway.client, gateway.hot) == (True, False, True)


def test_the_gateways_leaf_towards_ray_can_serve_nothing() -> None:
    leaf = leaves()["gateway-to-ray"]
    assert (leaf.server, leaf.client) == (False, True)


def test_each_node_has_a_leaf_of_its_own_for_both_directions() -> None:
    nodes = [leaf for name, leaf in leaves().items() if name.startswith("ray-")]
    assert len({leaf.key for leaf in nodes}) == len(nodes) == 2
    assert all(leaf.server and leaf.client and leaf.ips == ("127.0.0.1",) for leaf in nodes)
