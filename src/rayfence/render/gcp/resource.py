"""One Google Cloud object in both forms, made in one place.

Covers: conversion of values, what must exist before an object, and what must never be destroyed. Leaves out: which
objects there are.
"""

from collections.abc import Iterable, Mapping

from rayfence.model.cloud import CloudResource
from rayfence.render.gcp.values import literal, template


def resource(
    kind: str,
    name: str,
    address: str,
    group: str,
    *,
    body: Mapping[str, object],
    attributes: Mapping[str, object],
    after: Iterable[str] = (),
    kept: bool = False,
    ignored: tuple[str, ...] = (),
    irreversible: str = "",
    costs: str = "",
) -> CloudResource:
    """A `CloudResource` of `body` and `attributes`, whose text may be `values.Text`.

    `address`: Terraform's (`google_kms_key_ring.platform`). `after`: addresses that must exist first without being
    referred to. `kept`: Terraform refuses to destroy it. `ignored`: attributes that others change later.
    """
    block, _, label = address.partition(".")
    made: dict[str, object] = {**_mapping(template(attributes))}
    lifecycle: dict[str, object] = {}
    if kept:
        lifecycle["prevent_destroy"] = True
    if ignored:
        lifecycle["ignore_changes"] = list(ignored)
    if lifecycle:
        made["lifecycle"] = lifecycle
    if depends := sorted(set(after) - {address}):
        made["depends_on"] = depends
    return CloudResource(
        kind=kind,
        name=name,
        block=block,
        label=label,
        group=group,
        body=_mapping(literal(body)),
        attributes=made,
        irreversible=irreversible,
        costs=costs,
    )


def address_of(made: CloudResource) -> str:
    """Terraform's address of an object."""
    return f"{made.block}.{made.label}"


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"an object's fields are no mapping but {type(value).__name__}")
    return value
