"""Where a platform keeps what is nobody's but rayfence's: lease and receipt, in a namespace of their own.

Neither carries the label by which objects of a platform are found: they are no part of what the spec asks for. The
namespace does: it is applied first and goes last, so nothing is left.
"""

import datetime
from typing import Final

from rayfence.model.api_objects import Json
from rayfence.model.kubernetes import Manifest
from rayfence.render.kubernetes.names import PLATFORM
from rayfence.render.kubernetes.shape import manifests, resource
from rayfence.render.kubernetes.tenant.namespaces import namespace

_GROUP: Final = "Rayfence's own"


def state_namespace(platform: str) -> str:
    """Where lease and receipt of a platform lie."""
    return f"{platform}-rayfence"


def state_manifests(platform: str) -> tuple[Manifest, ...]:
    """The namespace, in which no pod may run: nobody is to sit beside the record of what was done."""
    home = state_namespace(platform)
    bounds = resource("v1", "ResourceQuota", "no-pods", home, spec={"hard": {"pods": "0"}})
    return (
        *manifests(_GROUP, 0, [namespace(home, platform, "state")]),
        *manifests(_GROUP, 1, [bounds]),
    )


def own_object(api_version: str, kind: str, name: str, platform: str, **fields: object) -> Json:
    """An object in that namespace, without the label of what a spec asks for."""
    metadata = {"name": name, "namespace": state_namespace(platform), "labels": {PLATFORM: platform}}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def written(moment: datetime.datetime, *, micro: bool = False) -> str:
    """A moment as the API writes it: RFC 3339 in UTC; `micro` with six decimals, as leases want it."""
    utc = moment.astimezone(datetime.UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if micro else "%Y-%m-%dT%H:%M:%SZ")
