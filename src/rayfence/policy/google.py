"""The Google Cloud half of a platform: all criteria in their order, and the ground they give to the Kubernetes half."""

from dataclasses import replace

from rayfence.model.cluster_platform import Datapath, OperatorSource
from rayfence.model.decision import Source
from rayfence.model.gke import GkeMode
from rayfence.model.gke_settings import GkeSettings, KeySettings, PoolSettings
from rayfence.policy.basis import Case
from rayfence.policy.gke import (
    controlplane,
    destinations,
    exposure,
    hardening,
    keys,
    locations,
    network,
    patching,
    services,
    supply,
    surroundings,
)
from rayfence.policy.gke.pools import confidential, nodes
from rayfence.policy.identity import accounts, duties, members, workload
from rayfence.policy.operator import Ground
from rayfence.policy.proofs.grants.listed import role_grants


def google(case: Case) -> tuple[GkeSettings, Ground]:
    """Decide every setting of project, network and cluster.

    1. The project and the places in it.
    2. The network and the way to the API server.
    3. The key, which disks and repositories need.
    4. Identities, then nodes that have them.
    5. How it is reached, what may run, how it is kept current.
    6. What of it the Kubernetes half stands on.
    """
    target = case.gke
    _cluster(case)  # 1
    place = locations.place(case)
    net = network.network(case, place)  # 2
    control_plane = controlplane.control_plane(case)
    key = keys.key(case, place)  # 3
    encrypt_secrets = keys.encrypt_secrets(case, key)
    workload_pool = _identities(case)  # 4
    pools = _nodes(case, place)
    account = _shared_account(case, pools)
    internal = exposure.internal(case, net)  # 5
    iap, gateway_class = exposure.iap(case, net)
    registries = supply.registries(case)
    hardening.hardening(case)
    settings = GkeSettings(
        project=target.project,
        project_number=target.project_number,
        make_project=target.make_project,
        billing_account=target.billing_account,
        location=place.location,
        regional=place.regional,
        zones=place.zones,
        mode=target.mode,
        cluster=case.platform.name,
        services=services.services(case, key),
        network=net,
        control_plane=control_plane,
        key=key,
        encrypt_secrets=encrypt_secrets,
        pools=pools,
        account=account.email,
        account_made=account.made,
        workload_pool=workload_pool,
        shielded=nodes.shielded(case),
        confidential_cluster=confidential.cluster_confidential(case, pools),
        dataplane_v2=hardening.dataplane_v2(case),
        channel=patching.channel(case),
        window=patching.window(case),
        exclusions=patching.exclusions(case),
        security_group=members.security_group(case),
        binary_authorization=supply.binary_authorization(case),
        registries=registries,
        operator_addon=case.platform.operator.source is OperatorSource.ADDON,
        internal=internal,
        iap=iap,
        gateway_class=gateway_class,
        ssl_policy=exposure.ssl_policy(case, iap),
        cloud_logging=services.cloud_logging(case),
        observability=surroundings.observability(case),
        perimeter=surroundings.perimeter(case),
        workbench=surroundings.workbench(case, place, net, confidential.demanded(case)),
        image_sources=supply.image_sources(case, place, registries),
        destinations=destinations.destinations(case),
        packages=supply.packages(case, place, registries, isolated=not net.nat),
    )
    granted = role_grants(case.platform, settings, case.actors)
    return replace(settings, role_grants=granted), _ground(case, place, settings, key)  # 6


def _cluster(case: Case) -> None:
    surroundings.project(case)
    kept = "a cluster keeps its mode"
    source = case.said("target.gke.mode")
    why = "as specified" if source is Source.SPEC else "node pools that the spec describes, or one for all"
    case.decide("gke.mode", case.gke.mode, why, source=source, irreversible=kept)
    case.decide("gke.cluster", case.platform.name, "the platform's name", source=case.said("metadata.name"))
    addon = case.platform.operator.source is OperatorSource.ADDON
    case.decide("gke.operator_addon", addon, "as specified", source=Source.SPEC)


def _identities(case: Case) -> str | None:
    pool = workload.workload_pool(case)
    workload.tenant_identities(case)
    members.members(case)
    duties.duties(case)
    return pool


def _nodes(case: Case, place: locations.Place) -> tuple[PoolSettings, ...]:
    confidential.warn_undecided(case)
    if case.gke.mode is GkeMode.AUTOPILOT:
        confidential.refuse_autopilot(case)
    nodes.private_nodes(case)
    surroundings.forwarding(case)
    return nodes.pools(case, place.zones)


def _shared_account(case: Case, pools: tuple[PoolSettings, ...]) -> accounts.Account:
    """The account of nodes that GKE makes by itself: that of the shared pools, or one of ours."""
    shared = next((pool for pool in pools if pool.tenant is None), None)
    if shared is not None:
        return accounts.Account(shared.account, shared.account_made, shared.account_id)
    field = "target.gke.serviceAccount"
    return accounts.node_account(case, case.gke.service_account, field, "gke.account", case.platform.name, "nodes")


def _ground(case: Case, place: locations.Place, settings: GkeSettings, key: KeySettings | None) -> Ground:
    return Ground(
        datapath=Datapath.CILIUM,
        on_gke=True,
        autopilot=settings.mode is GkeMode.AUTOPILOT,
        metadata_server=workload.metadata_server(case, settings.workload_pool),
        prefix=supply.repository_prefix(case, place, settings.registries[0]),
        index=supply.package_index(case, place, settings.registries),
        key=key.name if key else None,
        isolated=not settings.network.nat,
    )
