"""The way from heads to the Redis that keeps the cluster's state.

A network policy knows addresses and labels, never names: what a name stands for is read from its form.
"""

import ipaddress
import re

from rayfence.errors import RenderError
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.names import NOTICE, RAY_NODE_TYPE_LABEL, WORKLOAD
from rayfence.render.kubernetes.network.flows import blocks, out_to, pods, policy, tcp
from rayfence.render.kubernetes.shape import Json
from rayfence.render.kubernetes.workloads.listing import Workload

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SERVICE = re.compile(rf"(?P<name>{_LABEL})(?:\.(?P<namespace>{_LABEL})(?:\.svc(?:\.cluster\.local)?)?)?\Z")
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


def redis(workload: Workload, tenant: ClusterTenant) -> tuple[Json, ...]:
    """Egress of this object's head to its Redis; none without fault tolerance. Raises RenderError (address)."""
    if workload.pods.fault_tolerance is None:
        return ()
    host, port = redis_address(workload.pods.fault_tolerance.redis)
    peers, notice = peers_of(host, tenant.name, "Redis'")
    head = {WORKLOAD: workload.label, RAY_NODE_TYPE_LABEL: "head"}
    rule = out_to(peers, tcp(port))
    return (policy(f"redis-{workload.label}", tenant.name, head, egress=[rule], notice=notice),)


def redis_address(text: str) -> tuple[str, int]:
    """Host and port of `redis://host:port`, `host:port` or `host` (6379). Raises RenderError for other forms."""
    rest = text.partition("://")[2] or text
    host, colon, port = rest.rstrip("/").rpartition(":")
    if not colon:
        host, port = rest.rstrip("/"), "6379"
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise RenderError(f"no address of a Redis: {text!r}", hint="write host:port")
    return host, int(port)


def peers_of(host: str, own: str, what: str) -> tuple[list[Json], dict[str, str]]:
    """Peers that `host` may stand for, and a notice where they are more: a name outside has any private address.

    `own`: the namespace in which a short name is looked up. `what` is there, for the notice.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return blocks([f"{address}/{address.max_prefixlen}"]), {}
    service = _SERVICE.match(host)
    if service is not None:
        return [pods({}, service["namespace"] or own)], {}
    notice = {NOTICE: f"wide: {host} is a name, so {what} port is open to every private address"}
    return blocks(_PRIVATE), notice
