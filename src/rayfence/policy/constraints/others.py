"""Constraints of further services: Cloud Storage, Cloud SQL, Workbench, essential contacts, Pub/Sub.

Most concern objects that the platform makes rarely or never; where one is rendered all the same, it is judged.
Sources: Google Cloud, "Organization policy constraints"; Cloud Storage, "Organization policy constraints";
Notebooks API v2; Pub/Sub API v1 `MessageStoragePolicy`.
"""

from collections.abc import Callable
from typing import Final

from rayfence.policy.constraints.admission import admit, member_mark
from rayfence.policy.constraints.compute.network import network_project
from rayfence.policy.constraints.criterion import (
    Case,
    Criterion,
    Finding,
    Judge,
    Mark,
    irrelevant,
    satisfied,
    unknown,
    violated,
    weigh,
)
from rayfence.policy.constraints.identity.members import PUBLIC, members
from rayfence.policy.constraints.rendered import WORKBENCH, Item, at, compute_path, items_at, text_at, texts_at

BUCKET: Final = "google_storage_bucket"
SQL: Final = "google_sql_database_instance"
TOPIC: Final = "google_pubsub_topic"
CONTACT: Final = "google_essential_contacts_contact"

_NO_BUCKET: Final = irrelevant("the platform makes no bucket")
_NO_SQL: Final = irrelevant("the platform makes no Cloud SQL instance")
_HMAC: Final = ("SERVICE_ACCOUNT_HMAC_SIGNED_REQUESTS", "USER_ACCOUNT_HMAC_SIGNED_REQUESTS")


def _each(block: str, mark: Callable[[Case, Item], Mark], good: str, nothing: Finding) -> Judge:
    """A judge of every object of one type."""

    def judge(case: Case) -> Finding:
        return weigh((mark(case, item) for item in case.rendered.of(block)), good, nothing)

    return judge


def _uniform(_: Case, item: Item) -> Mark:
    path = "iamConfiguration.uniformBucketLevelAccess.enabled"
    return Mark(item.field(path), "" if at(item.body, path) is True else f"{item.address} has access lists of its own")


def _public_access(case: Case) -> Finding:
    marks = []
    for field, role, member in members(case.rendered):
        if member in PUBLIC and role.startswith(("roles/storage.", "roles/viewer")):
            marks.append(Mark(field, f"{member} may read a bucket"))
    for item in case.rendered.of(BUCKET):
        path = "iamConfiguration.publicAccessPrevention"
        held = text_at(item.body, path).lower() == "enforced"
        marks.append(Mark(item.field(path), "" if held else f"{item.address} could be made public"))
    return weigh(marks, "no bucket can be public", satisfied("no bucket is made or opened to the public"))


def _auth_types(case: Case) -> Finding:
    marks = []
    refused = [kind for kind in _HMAC if not admit(case, kind).allowed]
    for item in case.rendered.of("google_storage_hmac_key"):
        marks.append(Mark(item.address, "an HMAC key is made, and its requests are refused" if refused else ""))
    return weigh(marks, "", satisfied("pods reach Cloud Storage with tokens of their identity, never with HMAC keys"))


def _https_only(_: Case) -> Finding:
    return satisfied("everything of the platform reaches Cloud Storage by HTTPS")


def _retention(case: Case, item: Item) -> Mark:
    return _seconds(case, item, "retentionPolicy.retentionPeriod", "keeps objects")


def _soft_delete(case: Case, item: Item) -> Mark:
    return _seconds(case, item, "softDeletePolicy.retentionDurationSeconds", "keeps deleted objects")


def _seconds(case: Case, item: Item, path: str, verb: str) -> Mark:
    value = at(item.body, path)
    field = item.field(path)
    if value is None:
        return Mark(field, f"{item.address} {verb} for no listed time")
    return member_mark(case, field, str(value), f"{item.address} {verb} for {value} s, which is not listed")


def _sql_public(_: Case, item: Item) -> Mark:
    path = "settings.ipConfiguration.ipv4Enabled"
    return Mark(item.field(path), "" if at(item.body, path) is False else f"{item.address} has a public address")


def _sql_networks(_: Case, item: Item) -> Mark:
    path = "settings.ipConfiguration.authorizedNetworks"
    return Mark(item.field(path), f"{item.address} admits networks by address" if items_at(item.body, path) else "")


def _notebook_public(_: Case, item: Item) -> Mark:
    path = "gceSetup.disablePublicIp"
    return Mark(item.field(path), "" if at(item.body, path) is True else f"{item.address} has a public address")


def _notebook_network(case: Case, item: Item) -> Mark:
    path = "gceSetup.networkInterfaces"
    named = next((text_at(interface, "network") for interface in items_at(item.body, path)), "")
    field = item.field(f"{path}.network")
    if not named:
        return Mark(field, f"{item.address} names no network and would take the default one")
    network = compute_path(named, network_project(case.rendered), "global/networks")
    return member_mark(case, field, network, f"{network} is not admitted for notebooks")


def _contacts(case: Case) -> Finding:
    found = case.rendered.of(CONTACT)
    if not found:
        return irrelevant("the platform names no essential contact; alerts go to notification channels")
    return weigh(
        (_contact_mark(case, item) for item in found), "every contact is of an admitted domain", irrelevant("")
    )


def _contact_mark(case: Case, item: Item) -> Mark:
    email = text_at(item.body, "email")
    domain, field = f"@{email.rpartition('@')[2]}", item.field("email")
    if case.policy.values is not None:
        return member_mark(case, field, domain, f"{email} is of no admitted domain")
    listed = texts_at(case.policy.parameters, "allowedDomains")
    return Mark(field, "" if domain in listed else f"{email} is of no admitted domain")


def _in_transit(case: Case) -> Finding:
    """Google sets it on new topics while the rule is enforced; a request that says no to it can't stand."""
    topics = case.rendered.of(TOPIC)
    path = "messageStoragePolicy.enforceInTransit"
    refused = [item.field(path) for item in topics if at(item.body, path) is False]
    if refused:
        return violated("a topic is made that lets messages travel through any region", *refused)
    if not topics:
        return irrelevant("the platform makes no topic")
    open_topics = [item.field(path) for item in topics if at(item.body, path) is not True]
    if open_topics:
        return unknown(
            "whether Google sets `enforceInTransit` on a new topic that does not name it: name it", *open_topics
        )
    return weigh(
        [Mark(item.field(path)) for item in topics], "messages stay in the topic's regions in transit", _NO_BUCKET
    )


_NO_BUCKETS: Final = "no spec can violate it: the platform makes no bucket, it only grants access to existing ones"
_NO_SQLS: Final = "no spec can satisfy or violate it: the platform makes no Cloud SQL instance"
_NO_CONTACTS: Final = "no spec can satisfy or violate it: the platform names no essential contact"

CRITERIA: Final = (
    Criterion(
        "storage.uniformBucketLevelAccess",
        "Buckets have uniform access.",
        "uniform bucket-level access on every bucket",
        ("iamConfiguration.uniformBucketLevelAccess.enabled",),
        _each(BUCKET, _uniform, "every bucket has uniform access", _NO_BUCKET),
        never=_NO_BUCKETS,
    ),
    Criterion(
        "storage.publicAccessPrevention",
        "No bucket can be made public.",
        "no grant to allUsers or allAuthenticatedUsers",
        ("iamConfiguration.publicAccessPrevention", "bindings.members"),
        _public_access,
    ),
    Criterion(
        "storage.restrictAuthTypes",
        "Cloud Storage refuses requests signed in the listed ways.",
        "nothing to do: pods use tokens; Ray's s3:// access to Cloud Storage would need HMAC keys",
        (),
        _auth_types,
        never="no spec can violate it: the platform makes no HMAC key",
    ),
    Criterion(
        "storage.secureHttpTransport",
        "Cloud Storage refuses plain HTTP.",
        "nothing to do",
        (),
        _https_only,
        never="no spec can violate it: no setting of the platform makes anything speak plain HTTP to Cloud Storage",
    ),
    Criterion(
        "storage.retentionPolicySeconds",
        "Buckets keep objects for a listed time.",
        "a bucket outside the policy for Ray's spill and checkpoints: what must be kept can't be cleaned up",
        ("retentionPolicy.retentionPeriod",),
        _each(BUCKET, _retention, "every bucket keeps objects for a listed time", _NO_BUCKET),
        never=_NO_BUCKETS,
    ),
    Criterion(
        "storage.softDeletePolicySeconds",
        "Buckets keep deleted objects for a listed time.",
        "a listed time on every bucket",
        ("softDeletePolicy.retentionDurationSeconds",),
        _each(BUCKET, _soft_delete, "every bucket keeps deleted objects for a listed time", _NO_BUCKET),
        never=_NO_BUCKETS,
    ),
    Criterion(
        "sql.restrictPublicIp",
        "No Cloud SQL instance has a public address.",
        "nothing to do",
        ("settings.ipConfiguration.ipv4Enabled",),
        _each(SQL, _sql_public, "no instance has a public address", _NO_SQL),
        never=_NO_SQLS,
    ),
    Criterion(
        "sql.restrictAuthorizedNetworks",
        "No Cloud SQL instance admits networks by address.",
        "nothing to do",
        ("settings.ipConfiguration.authorizedNetworks",),
        _each(SQL, _sql_networks, "no instance admits networks by address", _NO_SQL),
        never=_NO_SQLS,
    ),
    Criterion(
        "ainotebooks.restrictPublicIp",
        "No notebook has a public address.",
        "nothing to do: rayfence's workbench never has one",
        ("gceSetup.disablePublicIp",),
        _each(
            WORKBENCH,
            _notebook_public,
            "no notebook has a public address",
            irrelevant("the platform makes no notebook"),
        ),
    ),
    Criterion(
        "ainotebooks.restrictVpcNetworks",
        "Notebooks stand in listed networks.",
        "the cluster's network among the listed ones, or no workbench",
        ("gceSetup.networkInterfaces.network",),
        _each(
            WORKBENCH,
            _notebook_network,
            "every notebook stands in a listed network",
            irrelevant("the platform makes no notebook"),
        ),
    ),
    Criterion(
        "essentialcontacts.allowedContactDomains",
        "Essential contacts are of listed domains.",
        "nothing to do",
        ("email",),
        _contacts,
        never=_NO_CONTACTS,
    ),
    Criterion(
        "essentialcontacts.managed.allowedContactDomains",
        "Essential contacts are of listed domains.",
        "nothing to do",
        ("email",),
        _contacts,
        never=_NO_CONTACTS,
    ),
    Criterion(
        "pubsub.enforceInTransitRegions",
        "Messages stay in their topic's regions, in transit too.",
        "`enforceInTransit` on the topic of security bulletins",
        ("messageStoragePolicy.enforceInTransit",),
        _in_transit,
    ),
)
