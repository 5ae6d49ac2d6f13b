"""Constraints on customer-managed keys: what must have one, and whose keys may be used.

Which kinds can have a key is written here by Terraform type; others can't. Sources: Cloud KMS, "CMEK organization
policies"; GKE, "Use customer-managed encryption keys".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.policy.constraints.admission import admit, member_mark
from rayfence.policy.constraints.criterion import (
    Case,
    Criterion,
    Finding,
    Mark,
    satisfied,
    weigh,
)
from rayfence.policy.constraints.rendered import (
    Item,
    Machine,
    Origin,
    Rendered,
    at,
    items_at,
    text_at,
    walk,
)

#: (service, fields of which one must name a key) by Terraform type of what can be encrypted.
ENCRYPTABLE: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "google_storage_bucket": ("storage.googleapis.com", ("encryption.defaultKmsKeyName",)),
    "google_artifact_registry_repository": ("artifactregistry.googleapis.com", ("kmsKeyName",)),
    "google_pubsub_topic": ("pubsub.googleapis.com", ("kmsKeyName",)),
    "google_secret_manager_secret": (
        "secretmanager.googleapis.com",
        (
            "replication.automatic.customerManagedEncryption.kmsKeyName",
            "replication.userManaged.replicas",
        ),
    ),
    "google_logging_project_bucket_config": ("logging.googleapis.com", ("cmekSettings.kmsKeyName",)),
    "google_bigquery_dataset": ("bigquery.googleapis.com", ("defaultEncryptionConfiguration.kmsKeyName",)),
    "google_compute_disk": ("compute.googleapis.com", ("diskEncryptionKey.kmsKeyName",)),
    "google_sql_database_instance": ("sqladmin.googleapis.com", ("diskEncryptionConfiguration.kmsKeyName",)),
    "google_filestore_instance": ("file.googleapis.com", ("kmsKeyName",)),
}
#: StorageClasses that GKE brings along; their disks have no key of ours.
GKE_CLASSES: Final = frozenset(
    {"standard", "standard-rwo", "premium-rwo", "enterprise-rwx", "standard-rwx", "premium-rwx"}
)
CLASS_KEY: Final = "disk-encryption-kms-key"
COMPUTE: Final = "compute.googleapis.com"
CONTAINER: Final = "container.googleapis.com"
NOTEBOOKS: Final = "notebooks.googleapis.com"
_KEY_NAME: Final = re.compile(r"(projects/[^/]+)/locations/[^/]+/keyRings/[^/]+/cryptoKeys/.+")


def keys(rendered: Rendered) -> Iterator[tuple[str, str]]:
    """(field, key) of every use of a customer-managed key: every value that is a key's name, wherever it stands."""
    for item in rendered.items:
        if item.block.startswith(("google_kms_", "google_project_iam")) or "_iam_" in item.block:
            continue
        for path, value in walk(item.body):
            if isinstance(value, str) and _KEY_NAME.fullmatch(value):
                yield item.field(path), value
    for storage in rendered.kubernetes("StorageClass"):
        for path, value in walk(at(storage.object, "parameters"), "parameters"):
            if isinstance(value, str) and _KEY_NAME.fullmatch(value):
                yield f"{storage.reference}: {path}", value


def _key_projects(case: Case) -> Finding:
    marks = []
    for field, name in keys(case.rendered):
        match = _KEY_NAME.fullmatch(name)
        project = match[1] if match else name
        marks.append(member_mark(case, field, project, f"keys of {project} are not admitted"))
    return weigh(marks, "every key is of an admitted project", satisfied("nothing uses a customer-managed key"))


def _without_key(case: Case) -> Finding:
    rendered = case.rendered
    marks: list[Mark] = []
    for item in rendered.items:
        if item.block in ENCRYPTABLE:
            service, paths = ENCRYPTABLE[item.block]
            marks += _bound(case, service, [_key_mark(item, paths)])
    marks += _bound(case, COMPUTE, [*_disks(rendered, nodes_only=False), *_volumes(rendered)])
    marks += _bound(case, CONTAINER, [*_disks(rendered, nodes_only=True), *_cluster_keys(rendered)])
    marks += _bound(
        case, NOTEBOOKS, [_disk(machine) for machine in rendered.machines if machine.origin is Origin.NOTEBOOK]
    )
    quiet = satisfied("nothing of the listed services is made that could have a key")
    return weigh(marks, "everything of the listed services has a key of ours", quiet)


def _bound(case: Case, service: str, marks: list[Mark]) -> list[Mark]:
    """The marks, if the policy wants keys of this service; a service that can't be decided binds as unknown."""
    admission = admit(case, service)
    if admission.allowed or not marks:
        return []
    if admission.allowed is None:
        return [Mark(mark.field, missing=admission.why) for mark in marks]
    return marks


def _key_mark(item: Item, paths: tuple[str, ...]) -> Mark:
    for path in paths:
        if text_at(item.body, path):
            return Mark(item.field(path))
        replicas = items_at(item.body, path)
        if replicas and all(text_at(entry, "customerManagedEncryption.kmsKeyName") for entry in replicas):
            return Mark(item.field(path))
    return Mark(item.field(paths[0]), f"{item.address} has no key")


def _disks(rendered: Rendered, *, nodes_only: bool) -> list[Mark]:
    return [_disk(machine) for machine in (rendered.nodes if nodes_only else rendered.machines)]


def _disk(machine: Machine) -> Mark:
    if machine.origin is Origin.NOTEBOOK:
        disks = {"bootDisk": at(machine.setup, "bootDisk")}
        disks |= {f"dataDisks[{number}]": disk for number, disk in enumerate(items_at(machine.setup, "dataDisks"))}
        bare = [path for path, disk in disks.items() if not text_at(disk, "kmsKey")]
        field = machine.field(f"{bare[0] if bare else 'bootDisk'}.kmsKey")
        return Mark(field, f"a disk of {machine.address} has no key" if bare else "")
    path = "bootDiskKmsKey" if machine.origin is not Origin.INSTANCE else "disks"
    held = bool(text_at(machine.setup, path)) or "kmsKeyName" in str(machine.setup.get("disks", ""))
    return Mark(machine.field(path), "" if held else f"boot disks of {machine.address} have no key")


def _cluster_keys(rendered: Rendered) -> list[Mark]:
    """Secrets in the cluster: whether GKE's own service is refused without their key is not verified."""
    cluster = rendered.cluster
    if cluster is None:
        return []
    field = cluster.field("databaseEncryption.keyName")
    if text_at(cluster.body, "databaseEncryption.keyName"):
        return [Mark(field)]
    return [
        Mark(
            field,
            missing=f"whether {CONTAINER} also wants a key for Kubernetes Secrets: give them one, then it is decided",
        )
    ]


def _volumes(rendered: Rendered) -> Iterator[Mark]:
    """Disks that Kubernetes makes: StorageClasses of ours, and the classes that claims name."""
    made: dict[str, bool] = {}
    for storage in rendered.kubernetes("StorageClass"):
        name = text_at(storage.object, "metadata.name")
        parameters = at(storage.object, "parameters")
        held = bool(parameters.get(CLASS_KEY)) if isinstance(parameters, Mapping) else False
        made[name] = held
        field = f"{storage.reference}: parameters.{CLASS_KEY}"
        yield Mark(field, "" if held else f"disks of {storage.reference} have no key")
    for manifest in rendered.manifests:
        for path, claim in _claims(manifest.object, ""):
            named = text_at(claim, "storageClassName")
            field = f"{manifest.reference}: {path}.storageClassName"
            if made.get(named):
                yield Mark(field)
            elif not named or named in GKE_CLASSES:
                yield Mark(
                    field, f"{manifest.reference} takes disks of {named or 'the default class'}, which have no key"
                )
            elif named not in made:
                yield Mark(field, missing=f"whether the existing StorageClass {named} has the parameter {CLASS_KEY}")


def _claims(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Every claim for a volume in an object: claims themselves, templates of them, ephemeral volumes."""
    if isinstance(value, Mapping):
        if value.get("kind") == "PersistentVolumeClaim":
            yield "spec", value.get("spec")
            return
        for key, entry in value.items():
            if isinstance(entry, str):  # most of them
                continue
            here = f"{path}.{key}" if path else str(key)
            if key == "volumeClaimTemplate":
                yield f"{here}.spec", at(entry, "spec")
            elif key == "volumeClaimTemplates":
                for number, template in enumerate(items_at(value, key)):
                    yield f"{here}[{number}].spec", at(template, "spec")
            else:
                yield from _claims(entry, here)
    elif isinstance(value, list | tuple):
        for number, entry in enumerate(value):
            yield from _claims(entry, f"{path}[{number}]")


CRITERIA: Final = (
    Criterion(
        "gcp.restrictNonCmekServices",
        "Objects of the listed services are encrypted with a customer-managed key.",
        "`encryption.wanted: true`, or an existing `encryption.key`: for disks, volumes, Secrets, repositories, topics",
        (
            "nodePools.config.bootDiskKmsKey",
            "databaseEncryption.keyName",
            "autoscaling.autoprovisioningNodePoolDefaults.bootDiskKmsKey",
            f"StorageClass parameters.{CLASS_KEY}",
            "kmsKeyName",
        ),
        _without_key,
    ),
    Criterion(
        "gcp.restrictCmekCryptoKeyProjects",
        "Customer-managed keys come from listed projects.",
        "`encryption.project` or `encryption.key` of a listed project",
        ("nodePools.config.bootDiskKmsKey", "databaseEncryption.keyName", "kmsKeyName"),
        _key_projects,
    ),
)
