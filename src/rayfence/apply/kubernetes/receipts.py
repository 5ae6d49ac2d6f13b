"""The last receipt of a platform, kept in the cluster as a ConfigMap of ours."""

import json
from dataclasses import asdict
from typing import Final

from rayfence.apply.kubernetes.state import own_object
from rayfence.model.api_objects import FIELD_MANAGER, Kind, text_at
from rayfence.model.receipt import ClusterReceipt
from rayfence.ports.kubernetes import KubernetesApi

NAME: Final = "receipt"
CONFIG_MAP: Final = Kind("v1", "ConfigMap", "configmaps", True)
_KEY: Final = "receipt.json"
#: A ConfigMap holds a megabyte at most, with all that is around it.
_LIMIT: Final = 700_000


def receipt_text(receipt: ClusterReceipt, limit: int | None = None) -> str:
    """The receipt as JSON. Over `limit` characters objects are counted by deed instead of listed."""
    whole = json.dumps(asdict(receipt), indent=1) + "\n"
    if limit is None or len(whole) <= limit:
        return whole
    counts: dict[str, int] = {}
    for item in receipt.done:
        counts[item.deed] = counts.get(item.deed, 0) + 1
    return json.dumps({**asdict(receipt), "done": [], "left": [], "counts": counts}, indent=1) + "\n"


def keep(api: KubernetesApi, receipt: ClusterReceipt) -> None:
    """Store it in the cluster, in place of the one before; its namespace is there."""
    data = {_KEY: receipt_text(receipt, _LIMIT)}
    value = own_object(CONFIG_MAP.api_version, CONFIG_MAP.kind, NAME, receipt.platform, data=data)
    api.apply(CONFIG_MAP, value, manager=FIELD_MANAGER, force=True)


def kept(api: KubernetesApi, platform: str, namespace: str) -> dict[str, object] | None:
    """The last receipt in the cluster; None when there is none that can be read."""
    found = api.get(CONFIG_MAP, NAME, namespace)
    try:
        data = json.loads(text_at(found, "data", _KEY))
    except ValueError:
        return None
    return data if isinstance(data, dict) and data.get("platform") == platform else None
