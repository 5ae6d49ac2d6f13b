"""The gateway's ConfigMap, and what of it a pod reads at start only.

Envoy watches its files and takes a change without dropping a connection: ConfigMaps are mounted as links that change at
one blow, which `watched_directory` notices. What is read at start only has a digest on the pods' template, so that a
change of it replaces them.
"""

import hashlib
from typing import Final

from rayfence.access.signing_keys import JWT_FILE
from rayfence.errors import RenderError
from rayfence.model.tenancy import Roles
from rayfence.render.envoy.names import BOOTSTRAP_FILE
from rayfence.render.kubernetes.gateway.files import envoy_files
from rayfence.render.kubernetes.gateway.pod import CONFIG
from rayfence.render.kubernetes.gateway.settings import STATE, pod_settings
from rayfence.render.kubernetes.gateway.site import Site
from rayfence.render.kubernetes.names import gateway_namespace
from rayfence.render.kubernetes.shape import Json, resource

SETTINGS_FILE: Final = "gateway.json"
#: Source: Kubernetes, ConfigMap: keys and values together.
LIMIT: Final = 1024 * 1024
#: The filter of tokens is the service's to hand on, with the keys it knows.
_AT_START: Final = (BOOTSTRAP_FILE, JWT_FILE, SETTINGS_FILE)


def gateway_config(site: Site, roles: Roles) -> Json:
    """ConfigMap `gateway-config`. Raises RenderError: no routes for a Ray version, or more than a ConfigMap holds."""
    data = {**envoy_files(site), SETTINGS_FILE: pod_settings(site, roles).to_json()}
    size = sum(len(name) + len(text.encode()) for name, text in data.items())
    if size > LIMIT:
        raise RenderError(
            f"the gateway of tenant {site.tenant!r} would need {size:,} bytes of configuration for {len(site.objects)} "
            f"Ray objects, and a ConfigMap holds {LIMIT:,}",
            hint="divide the tenant: each has a gateway of its own",
        )
    return resource("v1", "ConfigMap", CONFIG, gateway_namespace(site.tenant), data=dict(sorted(data.items())))


def read_at_start(config: Json) -> str:
    """Digest of the files of `gateway_config` that are read at start only."""
    data = config["data"]
    if not isinstance(data, dict):
        raise TypeError("a ConfigMap's data is a mapping")
    return hashlib.sha256("\0".join(data[name] for name in _AT_START).encode()).hexdigest()[:32]


def shared_state(site: Site) -> Json:
    """ConfigMap `gateway-state`, empty: what is in it is the replicas', and applying it again leaves that alone."""
    return resource("v1", "ConfigMap", STATE, gateway_namespace(site.tenant))
