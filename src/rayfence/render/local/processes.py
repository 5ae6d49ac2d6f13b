"""Process specs of a local instance: gateway service, Envoy, Ray's head and workers.

The service comes first because Envoy reads what it writes (revocations, public keys); Ray comes last because nothing
may reach it before its door is guarded.
"""

from pathlib import PurePosixPath

from rayfence.model.desired import Account, ProcessSpec, ReadinessProbe, Sandbox
from rayfence.model.gateway import GatewaySettings
from rayfence.model.resolution import RayNode, Resolution
from rayfence.render.envoy.bootstrap import envoy_argv
from rayfence.render.local.layout import Layout
from rayfence.render.ray.node import NodeFiles, head_flags, node_environment, worker_flags

SERVICE, ENVOY, HEAD, RENEWAL = "service", "envoy", "ray-head", "renewal"
#: Ray's account has no entry in the user database; this is the name its processes see.
RAY_ACCOUNT = "ray"
_START_SECONDS = 120
#: A worker's time runs from its head's start: it loads Ray meanwhile.
_WORKER_SECONDS = 2 * _START_SECONDS
#: Envoy or the service silent for so long is started anew. Long beside any load: a restart cuts every open stream.
_SILENT_SECONDS = 10
#: The renewal window is two days: a look every six hours leaves seven chances.
_RENEWAL_SECONDS = 6 * 3600


def process_specs(resolution: Resolution, layout: Layout, settings: GatewaySettings) -> tuple[ProcessSpec, ...]:
    """Every supervised process, dependencies first."""
    return (
        _service(resolution, layout, settings),
        _envoy(resolution, layout, settings),
        _renewal(resolution, layout),
        *(_ray(resolution, layout, settings, node) for node in resolution.nodes),
    )


def process_name(node: RayNode) -> str:
    """`ray-head`, `ray-<group>-<n>`."""
    return f"ray-{node.name}"


def _environment(resolution: Resolution) -> tuple[tuple[str, str], ...]:
    # Built from nothing: the caller's environment may hold cloud keys, proxies or LD_PRELOAD.
    return (("HOME", resolution.host.places.state), ("LANG", "C.UTF-8"), ("PATH", _path(resolution)))


def _path(resolution: Resolution) -> str:
    return f"{PurePosixPath(resolution.host.python).parent}:/usr/local/bin:/usr/bin:/bin"


def _answers(socket: str, *facts: tuple[str, str]) -> ReadinessProbe:
    return ReadinessProbe("answers", _SILENT_SECONDS, (("socket", socket), *facts))


def _service(resolution: Resolution, layout: Layout, settings: GatewaySettings) -> ProcessSpec:
    # Asked as Envoy would ask: the service answers only to what names its route.
    health = (("path", "/v1/health"), ("route", "api.health"), ("surface", "login"))
    return ProcessSpec(
        name=SERVICE,
        argv=(resolution.host.python, "-I", "-m", "rayfence.gateway", layout.settings),
        env=_environment(resolution),
        account=Account.OPERATOR,
        cwd=layout.places.state,
        log=layout.log(SERVICE),
        sandbox=None,
        readiness=ReadinessProbe("service", 30, (("socket", settings.service_socket), *health)),
        reads=(layout.settings,),
        liveness=_answers(settings.service_socket, *health),
    )


def _envoy(resolution: Resolution, layout: Layout, settings: GatewaySettings) -> ProcessSpec:
    return ProcessSpec(
        name=ENVOY,
        argv=envoy_argv(settings, resolution.host.envoy_path or "envoy"),
        env=_environment(resolution),
        account=Account.OPERATOR,
        cwd=layout.places.state,
        log=layout.log(ENVOY),
        sandbox=None,
        readiness=ReadinessProbe(
            "envoy",
            30,
            (
                ("socket", settings.envoy_admin_socket),
                ("port", str(settings.port)),
                ("ray_client", str(settings.ray_client_port)),
                ("ca", layout.front_ca),
            ),
        ),
        after=(SERVICE,),
        reads=(f"{layout.envoy}/bootstrap.yaml", settings.ray_client_certificate),
        listens=(settings.port, settings.ray_client_port),
        liveness=_answers(settings.envoy_admin_socket, ("path", "/ready")),
    )


def _renewal(resolution: Resolution, layout: Layout) -> ProcessSpec:
    python, state = resolution.host.python, PurePosixPath(layout.places.state)
    renew = (python, "-I", "-m", "rayfence", "renew", f"--name={state.name}", f"--state-dir={state.parent}")
    return ProcessSpec(
        name=RENEWAL,
        argv=(python, "-I", "-m", "rayfence.adapters.processes.timer", str(_RENEWAL_SECONDS), *renew),
        env=_environment(resolution),
        account=Account.OPERATOR,
        cwd=layout.places.state,
        log=layout.log(RENEWAL),
        sandbox=None,
        readiness=ReadinessProbe("alive", 10),
    )


def _ray(resolution: Resolution, layout: Layout, settings: GatewaySettings, node: RayNode) -> ProcessSpec:
    host, places = resolution.host, layout.places
    head = host.ports.head
    files = NodeFiles(
        session=f"{places.ray}/s",
        token=layout.ray_token_of_ray,
        ca=layout.node_ca_of_ray,
        certificate=layout.node_certificate(node.name),
        key=layout.node_key(node.name),
        home=f"{places.ray}/home",
    )
    store = resolution.platform.tenant.cluster.object_store_bytes
    name = process_name(node)
    marker = f"{places.ray}/{node.name}.started"
    own = [
        f"--role={'head' if node.is_head else 'worker'}",
        f"--version={resolution.platform.tenant.cluster.version}",
        f"--marker={marker}",
        f"--start-timeout={_START_SECONDS}",
    ]
    if node.is_head:
        flags = head_flags(head, node.ports, files, node.cpus, store)
    else:
        flags = worker_flags(head, node.ports, node.cpus, store)
        leader = next(other.name for other in resolution.nodes if other.is_head)
        own.append(f"--leader-marker={places.ray}/{leader}.started")
    return ProcessSpec(
        name=name,
        argv=(
            host.python,
            "-I",
            "-m",
            "rayfence.adapters.ray.node",
            *own,
            "--",
            *flags,
        ),
        env=node_environment(head, files, _path(resolution), RAY_ACCOUNT),
        account=Account.RAY,
        cwd=files.home,
        log=layout.log(name),
        sandbox=_sandbox(resolution),
        readiness=_readiness(resolution, layout, settings, node, marker),
        restart_with=() if node.is_head else (HEAD,),
        reads=(files.certificate, files.key),
        listens=(*(head.all() if node.is_head else ()), *node.ports.fixed()),
        stop_seconds=15,
    )


def _readiness(
    resolution: Resolution, layout: Layout, settings: GatewaySettings, node: RayNode, marker: str
) -> ReadinessProbe:
    facts = (("dashboard", str(settings.ray_dashboard_port)), ("token", layout.ray_token), ("marker", marker))
    if not node.is_head:
        return ReadinessProbe("ray-worker", _WORKER_SECONDS, facts)
    tls = (
        ("gcs", str(resolution.host.ports.head.gcs)),
        ("certificate", settings.ray_client_certificate),
        ("key", settings.ray_client_key),
        ("ca", layout.node_ca),
    )
    return ReadinessProbe("ray-head", _START_SECONDS, (*facts, *tls))


def _sandbox(resolution: Resolution) -> Sandbox:
    host = resolution.host
    return Sandbox(
        uid=host.ray_uid,
        hide=host.hide,
        expose=host.expose,
        own_tmp=f"{host.places.ray}/own-tmp",
        namespaces=host.namespaces,
        writable=(host.places.ray,),
    )
