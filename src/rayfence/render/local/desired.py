"""`render(Resolution) -> Desired` for `target: local`. Pure and deterministic; holds no secret."""

from rayfence.model.desired import Account, AuthorityRequest, ConfigFile, Desired, Folder, SecretKind, SecretRequest
from rayfence.model.resolution import Resolution
from rayfence.model.routes import RouteCatalog
from rayfence.render.envoy.render import render_envoy
from rayfence.render.local.certificates import certificate_requests
from rayfence.render.local.layout import Layout
from rayfence.render.local.processes import process_specs
from rayfence.render.local.settings import gateway_settings


def render(resolution: Resolution, catalog: RouteCatalog) -> Desired:
    """Everything one local instance consists of.

    1. Folders, the gateway's and Ray's apart.
    2. Secrets by kind; Ray's token in two copies, because Ray's account can't read ours.
    3. Two authorities that never sign for each other, and their leaves.
    4. Configuration of Envoy and of the gateway service.
    5. Processes, in the order of their dependencies.
    """
    layout = Layout(resolution.host.places)
    settings = gateway_settings(resolution, layout)
    return Desired(
        instance=resolution.platform.name,
        folders=_folders(layout),
        secrets=_secrets(layout),
        authorities=_authorities(resolution, layout),
        certificates=certificate_requests(resolution, layout, settings),
        files=(
            ConfigFile(layout.settings, settings.to_json()),
            *render_envoy(settings, catalog),
        ),
        processes=process_specs(resolution, layout, settings),
    )


def _folders(layout: Layout) -> tuple[Folder, ...]:
    places = layout.places
    ours = (
        places.state,
        places.heads,
        places.runtime,
        layout.envoy,
        layout.secrets,
        layout.certificates,
        layout.logs,
        layout.trail,
        f"{layout.certificates}/front",
        f"{layout.certificates}/node",
        f"{layout.secrets}/signing",
        f"{layout.secrets}/stamp",
    )
    rays = (places.ray, f"{places.ray}/home", f"{places.ray}/own-tmp")
    return (
        *(Folder(path, Account.OPERATOR) for path in ours),
        *(Folder(path, Account.RAY) for path in rays),
    )


def _secrets(layout: Layout) -> tuple[SecretRequest, ...]:
    return (
        SecretRequest(
            "ray-token",
            SecretKind.RAY_TOKEN,
            layout.ray_token,
            copies=((layout.ray_token_of_ray, Account.RAY),),
        ),
        SecretRequest("signing-key", SecretKind.EC_SIGNING_KEY, f"{layout.secrets}/signing"),
        SecretRequest("stamp-key", SecretKind.HMAC_KEY, f"{layout.secrets}/stamp"),
        SecretRequest("operator-key", SecretKind.OPERATOR_KEY, f"{layout.secrets}/operator-key"),
    )


def _authorities(resolution: Resolution, layout: Layout) -> tuple[AuthorityRequest, ...]:
    name, days = resolution.platform.name, resolution.certificates.authority_days
    return (
        AuthorityRequest(
            "front-ca",
            f"{layout.certificates}/front",
            f"rayfence {name} front",
            days,
            names=("localhost", *resolution.platform.target.api_hosts),
        ),
        AuthorityRequest(
            "node-ca",
            f"{layout.certificates}/node",
            f"rayfence {name} nodes",
            days,
            copies=((layout.node_ca_of_ray, Account.RAY),),
        ),
    )
