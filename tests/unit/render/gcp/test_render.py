"""The whole: schema, references, order, keys, both forms, and names that try to inject."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.errors import RenderError
from rayfence.model.cloud import CloudDesired, CloudResource
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.tenancy import ClusterTenant, Grant, Roles, WorkloadIdentity
from rayfence.render.gcp.render import render
from rayfence.render.gcp.terraform import terraform_files
from tests.unit.render.gcp import provider_schema
from tests.unit.render.gcp.settings import ANNOTATED, BARE, CASES, EXTERNAL, STANDARD, VISION, pool, resolution

TENANTS = (VISION, replace(ANNOTATED, name="audio"))


@pytest.mark.parametrize("case", CASES)
def test_the_provider_would_take_every_object(case: str) -> None:
    desired = render(resolution(CASES[case], *TENANTS))
    assert [error for made in desired.resources for error in provider_schema.schema_errors(made)] == []


@pytest.mark.parametrize("case", CASES)
def test_every_reference_leads_somewhere_and_nothing_waits_for_itself(case: str) -> None:
    desired = render(resolution(CASES[case], *TENANTS))
    addresses = [f"{made.block}.{made.label}" for made in desired.resources]
    assert len(addresses) == len(set(addresses))
    assert provider_schema.unresolved(desired) == []
    assert provider_schema.cycles(desired) == []


def test_the_checks_bite() -> None:
    def made(block: str, attributes: dict[str, object]) -> CloudResource:
        return CloudResource("k", "n", block, "x", "g", {}, attributes)

    cluster: dict[str, object] = {
        "name": 1,
        "node_locations": "a",
        "addons_config": {"ray": {}},
        "confidential_nodes": {},
        "enable_tpu": "y",
    }
    errors = provider_schema.schema_errors(made("google_container_cluster", cluster))
    assert len(errors) == 5, errors
    assert provider_schema.schema_errors(made("google_nothing", {})) == ["google_nothing: unknown resource type"]
    sandbox: dict[str, object] = {"cluster": "c", "node_config": {"sandbox_config": {"sandbox_type": "gvisor"}}}
    assert len(provider_schema.schema_errors(made("google_container_node_pool", sandbox))) == 1
    lost = made(
        "google_kms_key_ring", {"name": "${google_a.b.id}", "location": "${local.x}", "depends_on": ["google_c.d"]}
    )
    assert len(provider_schema.unresolved(CloudDesired((lost,), {"o": "${true}"}))) == 4
    assert provider_schema.cycles(CloudDesired((made("google_a", {"n": "${google_a.x.id}"}),))) == ["google_a.x"]


@pytest.mark.parametrize("case", [name for name, value in CASES.items() if value.key is not None])
def test_whatever_can_take_a_key_has_one_and_waits_for_the_grants(case: str) -> None:
    chosen = CASES[case]
    missing = [
        f"{made.block}.{made.label}: {'.'.join(path)}"
        for made in render(resolution(chosen, *TENANTS)).resources
        for path in provider_schema.key_paths(provider_schema.resources()[made.block])
        if path not in without_key(chosen) and not set_at(made.attributes, path)
    ]
    assert missing == []
    users = [made for made in render(resolution(chosen)).resources if uses_key(made)]
    assert len(users) >= 4
    for made in users:
        depends = made.attributes["depends_on"]
        assert isinstance(depends, list)
        assert {"google_kms_crypto_key_iam_member.compute-system"} <= set(depends), made.label


def without_key(chosen: GkeSettings) -> set[tuple[str, ...]]:
    """Keys of the control plane's own machinery are another feature; and a pool is either ours or Autopilot's."""
    inline = ("node_pool", "node_config", "boot_disk_kms_key")
    defaults = ("cluster_autoscaling", "auto_provisioning_defaults", "boot_disk_kms_key")
    return {inline} | ({defaults} if chosen.pools else {("node_config", "boot_disk_kms_key")})


def set_at(value: object, path: tuple[str, ...]) -> bool:
    """Whether something stands at a path; blocks may be lists."""
    for name in path:
        value = value[0] if isinstance(value, list) and value else value
        value = value.get(name) if isinstance(value, dict) else None
    return value is not None


def uses_key(made: CloudResource) -> bool:
    return any(
        set_at(made.attributes, path) for path in provider_schema.key_paths(provider_schema.resources()[made.block])
    )


def test_every_attribute_that_takes_a_key_is_listed() -> None:
    listed = {
        ".".join((kind, *path))
        for kind, known in provider_schema.resources().items()
        for path in provider_schema.key_paths(known)
    }
    assert listed == {
        "google_artifact_registry_repository.kms_key_name",
        "google_container_cluster.cluster_autoscaling.auto_provisioning_defaults.boot_disk_kms_key",
        "google_container_cluster.database_encryption.key_name",
        "google_container_cluster.node_config.boot_disk_kms_key",
        "google_container_cluster.node_pool.node_config.boot_disk_kms_key",
        "google_container_node_pool.node_config.boot_disk_kms_key",
        "google_pubsub_topic.kms_key_name",
        "google_storage_bucket.encryption.default_kms_key_name",
        "google_workbench_instance.gce_setup.boot_disk.kms_key",
        "google_workbench_instance.gce_setup.data_disks.kms_key",
    }


@pytest.mark.parametrize("case", CASES)
def test_bodies_hold_plain_json_and_no_expression(case: str) -> None:
    for made in render(resolution(CASES[case], *TENANTS)).resources:
        assert json.loads(json.dumps(made.body)) == made.body
        assert "${" not in json.dumps(made.body)


def test_no_binding_of_a_tenant_is_project_wide_and_none_is_for_everybody() -> None:
    for chosen in CASES.values():
        for made in render(resolution(chosen, *TENANTS)).resources:
            text = json.dumps(made.attributes)
            assert "allUsers" not in text and "allAuthenticatedUsers" not in text
            assert "roles/owner" not in text and "roles/editor" not in text
            if made.block == "google_project_iam_member":
                assert made.attributes["role"] in {
                    "roles/container.defaultNodeServiceAccount",
                    "roles/container.hostServiceAgentUser",
                    "roles/logging.bucketWriter",
                }


def test_the_order_is_the_order_of_making() -> None:
    blocks = [made.block for made in render(resolution()).resources]
    order = [
        "google_project_service",
        "google_compute_network",
        "google_kms_key_ring",
        "google_kms_crypto_key_iam_member",
    ]
    order += ["google_container_cluster", "google_container_node_pool", "google_bigquery_dataset_iam_member"]
    assert [blocks.index(block) for block in order] == sorted(blocks.index(block) for block in order)


def test_what_can_not_be_taken_back_or_costs_is_said() -> None:
    by_block = {made.block: made for made in render(resolution(CASES["peered"])).resources}
    assert "never be deleted" in by_block["google_kms_crypto_key"].irreversible
    assert "HSM" in by_block["google_kms_crypto_key"].costs
    assert "mode" in by_block["google_container_cluster"].irreversible
    assert by_block["google_compute_router_nat"].costs and by_block["google_compute_address"].costs
    assert by_block["google_compute_subnetwork"].irreversible
    gpu = next(made for made in render(resolution()).resources if made.name == "gpu")
    assert "nvidia-l4" in gpu.costs


def test_an_account_is_never_shared_by_nodes_and_a_tenant() -> None:
    shared = replace(STANDARD, pools=(*STANDARD.pools, pool("vision")))
    with pytest.raises(RenderError, match=r"would both be google_service_account\.ray-vision"):
        render(resolution(shared, ANNOTATED))


def snake(name: str) -> str:
    """`enablePrivateNodes` as `enable_private_nodes`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """(name of the field, plain value) of every leaf; expressions are left out."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, snake(str(key)))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, name)
    elif not (isinstance(value, str) and "${" in value):
        yield name, {"FALSE": False, "TRUE": True}.get(str(value), value)


#: Fields that both forms have by the same name and mean differently.
HOMONYMS = {"enabled", "location", "name", "network", "next_hop_gateway", "state", "type", "visibility"}


@pytest.mark.parametrize("case", CASES)
def test_both_forms_say_the_same(case: str) -> None:
    for made in render(resolution(CASES[case], *TENANTS)).resources:
        api: dict[str, set[object]] = {}
        terraform: dict[str, set[object]] = {}
        for name, value in leaves(made.body):
            api.setdefault(name, set()).add(value)
        for name, value in leaves(made.attributes):
            terraform.setdefault(name, set()).add(value)
        differ = {name for name in api.keys() & terraform.keys() - HOMONYMS if not terraform[name] <= api[name]}
        assert differ == set(), (made.name, {name: (api[name], terraform[name]) for name in differ})


def test_nothing_for_an_existing_cluster() -> None:
    assert render(resolution(None)) == CloudDesired(())
    assert terraform_files(render(resolution(None))) == {}


def test_only_what_is_needed_on_a_bare_platform() -> None:
    desired = render(resolution(BARE, ClusterTenant("vision", Roles())))
    unneeded = ("kms", "iap_", "certificate", "alert", "artifact", "address", "workbench", "perimeter")
    assert [made.block for made in desired.resources if any(word in made.block for word in unneeded)] == []


def test_the_sandbox_asks_for_the_beta_provider() -> None:
    beta = [made.name for made in render(resolution(EXTERNAL)).resources if made.attributes.get("provider")]
    assert beta == ["gpu"]
    assert "google-beta" in terraform_files(render(resolution(EXTERNAL)))["versions.tf.json"]
    assert "google-beta" not in terraform_files(render(resolution()))["versions.tf.json"]


HOSTILE = st.text('ab-_."\\/${}%\n é\U0001f4a9', min_size=1, max_size=12)
GRANTS = st.builds(Grant, st.sampled_from(["bigquery", "storage", "secretmanager", "pubsub", "kms"]), HOSTILE, HOSTILE)
HOSTILE_TENANTS = st.builds(
    ClusterTenant,
    HOSTILE.filter(lambda name: len(name) > 1),
    st.just(Roles()),
    access=st.lists(GRANTS, max_size=2).map(tuple),
    identity=st.sampled_from([WorkloadIdentity.PRINCIPAL, WorkloadIdentity.ANNOTATED]),
)


@settings(max_examples=60)
@given(
    st.lists(HOSTILE_TENANTS, min_size=1, max_size=2, unique_by=lambda tenant: tenant.name),
    HOSTILE,
    HOSTILE,
    st.sampled_from(sorted(CASES)),
)
def test_hostile_names_come_back_as_they_were_and_never_as_an_expression(
    tenants: list[ClusterTenant], name: str, label_value: str, case: str
) -> None:
    base = CASES[case]
    pools = (pool(name, labels={name: label_value}), *base.pools) if base.pools else ()
    chosen = replace(base, cluster=name, pools=pools, security_group=label_value)
    desired = render(resolution(chosen, *tenants))
    assert provider_schema.unresolved(desired) == []
    addresses = [f"{made.block}.{made.label}" for made in desired.resources]
    assert len(addresses) == len(set(addresses))
    files = terraform_files(desired)
    back = {
        (block, label): attributes
        for content in files.values()
        for block, entries in json.loads(content).get("resource", {}).items()
        for label, attributes in entries.items()
    }
    assert back == {(made.block, made.label): made.attributes for made in desired.resources}
    if pools:
        made = next(made for made in desired.resources if made.block == "google_container_node_pool")
        assert unescaped(str(made.attributes["name"])) == made.body["name"] == name


def unescaped(value: str) -> str:
    """What Terraform reads; exact for templates without expressions."""
    return value.replace("$${", "${").replace("%%{", "%{")
