"""Google Cloud objects as planned: what the API would be sent, and what Terraform is given."""

from collections.abc import Mapping
from dataclasses import field

from rayfence.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class CloudResource:
    """One Google Cloud object, twice: `body` is the API's JSON of a create call, `attributes` Terraform's.

    Both come from the same settings and must say the same. `kind` is the API's type as custom constraints name it
    (`container.googleapis.com/Cluster`); `block` and `label` are Terraform's address (`google_container_cluster`,
    `ray`). Terraform values may hold `${…}` references; `body` never does. `group` titles it in a plan. `irreversible`:
    what can't be changed afterwards; `costs`: why it costs money while idle. Empty: neither.
    """

    kind: str
    name: str
    block: str
    label: str
    group: str
    body: Mapping[str, object]
    attributes: Mapping[str, object]
    irreversible: str = ""
    costs: str = ""


@dataclass(frozen=True, slots=True)
class CloudDesired:
    """Everything a platform needs of Google Cloud, in the order it is made.

    `outputs`: Terraform outputs for later steps (name to expression). `variables`: what only the engine's user knows.
    `local_values`: what many objects repeat (name to expression). `lookups`: data sources, by type and label.
    """

    resources: tuple[CloudResource, ...]
    outputs: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    local_values: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, Mapping[str, Mapping[str, object]]] = field(default_factory=dict)
