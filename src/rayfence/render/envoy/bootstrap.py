"""Envoy's start: its command line and the static file; everything else arrives by rename into one watched directory."""

from rayfence.model.gateway import GatewaySettings
from rayfence.render.envoy.limits import overload_manager
from rayfence.render.envoy.names import BOOTSTRAP_FILE, CLUSTERS_FILE, LISTENERS_FILE
from rayfence.render.envoy.shape import Message, watched

#: Milliseconds after which a line of the access log is on disk.
LOG_FLUSH_MS = 200


def bootstrap(settings: GatewaySettings) -> Message:
    """Content of bootstrap.yaml.

    The admin interface is a 0600 socket, never a port: it can read and stop everything.
    """
    return {
        "node": {"id": "gateway", "cluster": f"rayfence-{settings.instance}"},
        "admin": {"address": {"pipe": {"path": settings.envoy_admin_socket, "mode": 0o600}}},
        "overload_manager": overload_manager(settings),
        "dynamic_resources": {
            "lds_config": watched(f"{settings.rendered_dir}/{LISTENERS_FILE}"),
            "cds_config": watched(f"{settings.rendered_dir}/{CLUSTERS_FILE}"),
        },
        "layered_runtime": {
            "layers": [
                {
                    "name": "static",
                    "static_layer": {
                        # Route expressions are ours, short and linear; Envoy's default of 100 instructions is for
                        # foreign ones.
                        "re2.max_program_size.error_level": 2000,
                        "re2.max_program_size.warn_level": 2000,
                    },
                }
            ]
        },
    }


def envoy_argv(settings: GatewaySettings, envoy_path: str, *, drain_seconds: int = 5) -> tuple[str, ...]:
    """Command line of the proxy. No hot restart: two instances on one host would meet in its shared memory."""
    return (
        envoy_path,
        "--config-path",
        f"{settings.rendered_dir}/{BOOTSTRAP_FILE}",
        "--disable-hot-restart",
        "--concurrency",
        str(settings.envoy_concurrency),
        "--reject-unknown-dynamic-fields",
        "--file-flush-interval-msec",
        str(LOG_FLUSH_MS),
        "--log-level",
        "warning",
        "--drain-time-s",
        str(drain_seconds),
    )
