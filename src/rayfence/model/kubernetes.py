"""Kubernetes objects as planned."""

from collections.abc import Mapping

from rayfence.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object as it is applied: a whole API object (`apiVersion`, `kind`, `metadata`, …) of plain JSON values.

    `group` titles it in a plan. `stage`: lower ones are applied and waited for first: 0 kinds and namespaces, 1 guards
    (admission, network, quota), 2 accounts and RBAC, 3 operator, 4 gateway, 5 Ray, 6 exposure. Never a Secret's bytes.
    """

    object: Mapping[str, object]
    group: str
    stage: int

    @property
    def reference(self) -> str:
        """`Kind namespace/name`, or `Kind name` of objects without a namespace."""
        metadata = self.object["metadata"]
        if not isinstance(metadata, Mapping):
            raise TypeError(f"metadata of {self.object.get('kind')} is no mapping")
        namespace = metadata.get("namespace")
        name = f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])
        return f"{self.object['kind']} {name}"
