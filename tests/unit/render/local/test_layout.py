"""Paths stay in the folders of whoever owns them."""

from rayfence.model.host import Places
from rayfence.render.local.layout import Layout

LAYOUT = Layout(Places("/state", "/heads", "/run/g", "/run/r"))


def test_secrets_of_the_gateway_lie_in_its_state_folder() -> None:
    for path in (LAYOUT.secrets, LAYOUT.ray_token, LAYOUT.ray_token_sds, LAYOUT.trail, LAYOUT.settings):
        assert path.startswith("/state/")


def test_what_ray_reads_lies_in_rays_folder() -> None:
    for path in (LAYOUT.ray_token_of_ray, LAYOUT.node_ca_of_ray, LAYOUT.node_key("head")):
        assert path.startswith("/run/r/")
