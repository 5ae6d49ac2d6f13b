"""Loads `data/machine_types.yaml`: what a node of a machine type has, dated. A type it does not hold is unknown."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from rayfence.catalog.documents import as_items, as_mapping, as_text, check_keys, parse_document, read_data
from rayfence.catalog.numbers import as_count, as_number
from rayfence.errors import CatalogError
from rayfence.model.frozen import dataclass
from rayfence.model.gke import Confidential

_DATE: Final = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_CUSTOM: Final = re.compile(r"^([a-z0-9]+)-custom-(\d{1,3})-(\d{1,7})$")
_OPTIONAL: Final = ("sizes", "exact", "shared", "custom", "confidential", "gpu", "attachable", "disk_quota")


@dataclass(frozen=True, slots=True)
class MachineType:
    """One machine type. `gpu_kind` and `gpus` of GPUs that are part of it; `attachable`: kinds that may be added.

    `shared`: a shared core. `confidential`: what its processor can. Quotas are metric names of a region.
    """

    name: str
    family: str
    vcpus: int
    memory_mib: int
    gpus: int
    gpu_kind: str | None
    shared: bool
    confidential: frozenset[Confidential]
    attachable: Mapping[str, tuple[int, ...]]
    cpu_quotas: tuple[str, ...]
    disk_quota: str


@dataclass(frozen=True, slots=True)
class MachineTypes:
    """All known machine types, and the day they were written down. `gpu_quotas`: (ordinary, spot) metric by kind."""

    dated: str
    source: str
    known: Mapping[str, MachineType]
    custom: Mapping[str, MachineType]
    gpu_quotas: Mapping[str, tuple[str, str]]

    def find(self, name: str) -> MachineType | None:
        """The machine type called `name`, custom ones computed from their name; None: unknown."""
        if name in self.known:
            return self.known[name]
        custom = _CUSTOM.match(name)
        pattern = self.custom.get(custom[1]) if custom else None
        if custom is None or pattern is None or int(custom[2]) == 0 or int(custom[3]) == 0:
            return None
        return MachineType(
            name=name,
            family=pattern.family,
            vcpus=int(custom[2]),
            memory_mib=int(custom[3]),
            gpus=0,
            gpu_kind=None,
            shared=False,
            confidential=pattern.confidential,
            attachable=pattern.attachable,
            cpu_quotas=pattern.cpu_quotas,
            disk_quota=pattern.disk_quota,
        )


@cache
def load_machine_types() -> MachineTypes:
    """The shipped machine types. Raises CatalogError."""
    return parse_machine_types(read_data("machine_types.yaml"), "machine_types.yaml")


def parse_machine_types(text: str, name: str) -> MachineTypes:
    """Parse a document of machine types. Raises CatalogError."""
    document = parse_document(text, name)
    check_keys(document, {"dated", "source", "families", "gpu_quotas"}, (), name)
    dated = as_text(document["dated"], name)
    if not _DATE.match(dated):
        raise CatalogError(f"{dated!r} is no date such as 2026-11-26", where=name)
    known: dict[str, MachineType] = {}
    custom: dict[str, MachineType] = {}
    for family, value in as_mapping(document["families"], name).items():
        where = f"{name}: families.{family}"
        item = as_mapping(value, where)
        check_keys(item, {"cpu_quotas"}, _OPTIONAL, where)
        common = _common(family, item, where)
        for machine in _family(common, item, where):
            if machine.name in known:
                raise CatalogError(f"machine type {machine.name} is given twice", where=where)
            known[machine.name] = machine
        if item.get("custom", False) is True:
            custom[family] = _machine(common, f"{family}-custom-1-1", (1, 1.0, 0), where)
    quotas = as_mapping(document["gpu_quotas"], name)
    return MachineTypes(
        dated=dated,
        source=as_text(document["source"], name),
        known=known,
        custom=custom,
        gpu_quotas={kind: _pair(value, f"{name}: gpu_quotas.{kind}") for kind, value in quotas.items()},
    )


@dataclass(frozen=True, slots=True)
class _Common:
    """What the machine types of a family share. By prefix of a type's name: kinds of GPU, confidential computing."""

    family: str
    gpus: Mapping[str, str]
    shared: frozenset[str]
    confidential: tuple[tuple[str, Confidential], ...]
    attachable: Mapping[str, tuple[int, ...]]
    cpu_quotas: tuple[str, ...]
    disk_quota: str


def _common(family: str, item: Mapping[str, object], where: str) -> _Common:
    attachable = as_mapping(item.get("attachable", {}), where)
    return _Common(
        family,
        {prefix: as_text(value, where) for prefix, value in as_mapping(item.get("gpu", {}), where).items()},
        frozenset(as_text(entry, where) for entry in as_items(item.get("shared", []), where)),
        tuple(_confidential(item, where)),
        {key: tuple(as_count(entry, where) for entry in as_items(value, where)) for key, value in attachable.items()},
        tuple(as_text(entry, where) for entry in as_items(item["cpu_quotas"], where)),
        as_text(item.get("disk_quota", "SSD_TOTAL_GB"), where),
    )


def _confidential(item: Mapping[str, object], where: str) -> Iterator[tuple[str, Confidential]]:
    for key, value in as_mapping(item.get("confidential", {}), where).items():
        try:
            kind = Confidential(key)
        except ValueError as error:
            raise CatalogError(f"{key!r} is no kind of confidential computing", where=where) from error
        for prefix in as_items(value, where):
            yield as_text(prefix, where), kind


def _family(common: _Common, item: Mapping[str, object], where: str) -> Iterator[MachineType]:
    family = common.family
    for series, value in as_mapping(item.get("sizes", {}), where).items():
        size = as_mapping(value, where)
        check_keys(size, {"gib_per_vcpu", "vcpus"}, (), f"{where}.{series}")
        per_vcpu = as_number(size["gib_per_vcpu"], where)
        for entry in as_items(size["vcpus"], where):
            vcpus = as_count(entry, where)
            yield _machine(common, f"{family}-{series}-{vcpus}", (vcpus, per_vcpu * vcpus, 0), where)
    for name, value in as_mapping(item.get("exact", {}), where).items():
        row = as_items(value, f"{where}.{name}")
        if len(row) not in (2, 3) or not name.startswith(f"{family}-"):
            raise CatalogError(f"{name}: [vCPUs, GiB] or [vCPUs, GiB, GPUs] of this family is wanted", where=where)
        gpus = as_count(row[2], where) if len(row) == 3 else 0
        yield _machine(common, name, (as_count(row[0], where), as_number(row[1], where), gpus), where)


def _machine(common: _Common, name: str, size: tuple[int, float, int], where: str) -> MachineType:
    vcpus, gib, gpus = size
    kind = next((value for prefix, value in common.gpus.items() if name.startswith(prefix)), None) if gpus else None
    if gpus and kind is None:
        raise CatalogError(f"{name} has GPUs of no kind", where=where)
    return MachineType(
        name,
        common.family,
        vcpus,
        int(gib * 1024),
        gpus,
        kind,
        name in common.shared,
        frozenset(kind for prefix, kind in common.confidential if name.startswith(prefix)),
        common.attachable,
        common.cpu_quotas,
        common.disk_quota,
    )


def _pair(value: object, where: str) -> tuple[str, str]:
    items = [as_text(item, where) for item in as_items(value, where)]
    if len(items) != 2:
        raise CatalogError("two metrics are wanted: ordinary and spot", where=where)
    return items[0], items[1]
