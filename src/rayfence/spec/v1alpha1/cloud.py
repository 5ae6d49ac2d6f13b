"""What a platform on Google Cloud has around its cluster: keys, exposure, logs, supply chain, patching, perimeter."""

from typing import Annotated, Literal

from pydantic import Field

from rayfence.model import gke as model
from rayfence.spec.v1alpha1 import fields
from rayfence.spec.v1alpha1.parsed import Moment, SourceRange
from rayfence.spec.v1alpha1.strict import Choice, Strict, no_items

Mirror = Literal["docker", "pypi", "apt"]


class NewKey(Strict):
    """A key that is made, with its ring."""

    project: fields.ProjectId | None = Field(default=None, description="Where it is made; left out: the platform's.")
    protection: Literal["SOFTWARE", "HSM", "EXTERNAL", "EXTERNAL_VPC"] = Field(
        default="HSM", description="Where the key's bytes live."
    )
    rotation_days: Annotated[int, Field(ge=1, le=365)] | None = Field(
        default=None, description="Days between rotations: 90 if left out; external keys are rotated at their home."
    )
    external_key: fields.ExternalKey | None = Field(
        default=None, description="EXTERNAL: the key's https:// address. EXTERNAL_VPC: its path."
    )
    ekm_connection: fields.EkmConnection | None = Field(default=None, description="EXTERNAL_VPC: the connection.")


class NoOwnKey(Strict):
    """Google's keys, whatever happens: a policy that demands customer-managed ones is then a conflict."""


class EncryptionSpec(Choice):
    """Customer-managed keys. Without this section: as the organisation demands, else Google's."""

    key: fields.KeyName | None = Field(default=None, description="An existing key, by its full name.")
    make: NewKey | None = Field(default=None, description="A key made here.")
    google_managed: NoOwnKey | None = Field(default=None, description="Google's keys.")

    def to_model(self) -> model.Encryption:
        """The internal form."""
        if self.key is not None:
            return model.Encryption(wanted=True, key=self.key)
        if self.make is None:
            return model.Encryption(wanted=False)
        return model.Encryption(
            wanted=True,
            project=self.make.project,
            protection=model.Protection(self.make.protection),
            rotation_days=self.make.rotation_days or 90,
            external_key=self.make.external_key,
            ekm_connection=self.make.ekm_connection,
        )


class InternalSpec(Strict):
    """An internal load balancer to each tenant's gateway."""

    source_ranges: Annotated[list[SourceRange], Field(min_length=1, max_length=50)] = Field(
        description="Who in the network may connect."
    )
    subnetwork: fields.ResourceName | None = Field(default=None, description="Its subnet; left out: the nodes'.")
    global_access: bool = Field(default=False, description="Reachable from other regions of the network.")

    def to_model(self) -> model.InternalExposure:
        """The internal form."""
        return model.InternalExposure(tuple(self.source_ranges), self.subnetwork, self.global_access)


class DnsSpec(Strict):
    """Where the dashboards' names are written: in an existing zone, or in one that is made."""

    zone: fields.ResourceName | None = Field(default=None, description="An existing zone of Cloud DNS, by its name.")
    make_zone: fields.HostName | None = Field(default=None, description="Domain of a zone that is made (DNSSEC on).")
    private: bool = Field(default=False, description="The zone is seen inside the network only.")


class IapSpec(Strict):
    """Dashboards behind the Identity-Aware Proxy: tenant T at `T.HOST`."""

    host: fields.HostName = Field(description="Parent domain of the tenants' names.")
    allow: Annotated[list[fields.IapMember], Field(min_length=1, max_length=64)] = Field(
        description="Whom IAP lets in: groups; others only with waiver `iap-members`."
    )
    scope: Literal["global", "regional", "internal"] = Field(default="global", description="Kind of load balancer.")
    dns: DnsSpec | None = Field(default=None, description="Left out: names are somebody else's to write.")
    legacy_ingress: bool = Field(
        default=False, description="Ingress, BackendConfig, ManagedCertificate instead of the Gateway API."
    )

    def to_model(self) -> model.IapExposure:
        """The internal form."""
        dns = self.dns or DnsSpec()
        return model.IapExposure(
            host=self.host,
            allow=tuple(self.allow),
            scope=model.IapScope(self.scope),
            zone=dns.zone,
            zone_domain=dns.make_zone,
            zone_private=dns.private,
            legacy_ingress=self.legacy_ingress,
        )


class ExposureSpec(Strict):
    """How people reach the gateways. Without this section: from inside the cluster only."""

    internal: InternalSpec | None = None
    iap: IapSpec | None = None


class SinkSpec(Strict):
    """A second place for logs."""

    name: fields.ResourceName
    destination: fields.SinkDestination
    filter: fields.LogFilter = Field(default="", description="Which logs; left out: all audit logs.")

    def to_model(self) -> model.Sink:
        """The internal form."""
        return model.Sink(self.name, self.destination, self.filter)


class ObservabilitySpec(Strict):
    """Logs and alerts. Audit logs are always on."""

    sinks: list[SinkSpec] = Field(default_factory=no_items, max_length=16)
    channels: list[fields.Channel] = Field(default_factory=no_items, max_length=16, description="Whom alerts tell.")
    alerts: bool = Field(default=True, description="Alert policies; off only with waiver `alerts`.")

    def to_model(self) -> model.Observability:
        """The internal form."""
        return model.Observability(tuple(sink.to_model() for sink in self.sinks), tuple(self.channels), self.alerts)


class SupplyChainSpec(Strict):
    """Which images may run: Binary Authorization, scanning, mirrors."""

    attestors: list[fields.Attestor] = Field(
        default_factory=no_items, max_length=10, description="Who must have signed; left out: an attestor is made."
    )
    attestor_key: fields.AttestorKey | None = Field(default=None, description="Key of the attestor that is made.")
    dry_run: bool = Field(default=False, description="Log only; with waiver `binary-authorization`.")
    repositories: list[Mirror] = Field(
        default_factory=lambda: list[Mirror](("docker", "pypi")),
        max_length=3,
        description="Mirrors of public registries.",
    )

    def to_model(self) -> model.SupplyChain:
        """The internal form."""
        return model.SupplyChain(tuple(self.attestors), self.attestor_key, self.dry_run, tuple(self.repositories))


class WindowSpec(Strict):
    """When GKE may upgrade."""

    start: Moment = Field(description="First window's start.")
    end: Moment = Field(description="First window's end, at least four hours later.")
    recurrence: fields.Recurrence = Field(description="As in `FREQ=WEEKLY;BYDAY=SA,SU`.")


class ExclusionSpec(Strict):
    """When GKE must not upgrade."""

    name: fields.ResourceName
    start: Moment
    end: Moment
    scope: Literal["NO_UPGRADES", "NO_MINOR_UPGRADES", "NO_MINOR_OR_NODE_UPGRADES"] = "NO_MINOR_UPGRADES"


class PatchingSpec(Strict):
    """How GKE is kept current."""

    channel: Literal["RAPID", "REGULAR", "STABLE", "EXTENDED"] | None = Field(
        default=None, description="Left out: as the organisation demands, else REGULAR."
    )
    window: WindowSpec | None = None
    exclusions: list[ExclusionSpec] = Field(default_factory=no_items, max_length=20)

    def to_model(self) -> model.Patching:
        """The internal form."""
        window = self.window
        return model.Patching(
            channel=self.channel,
            window=model.Window(window.start, window.end, window.recurrence) if window else None,
            exclusions=tuple(model.Exclusion(one.name, one.start, one.end, one.scope) for one in self.exclusions),
        )


class PerimeterSpec(Strict):
    """VPC Service Controls around the project."""

    policy: Annotated[int, Field(ge=1, lt=10**18, description="Number of the access policy.")]
    enforced: bool = Field(default=False, description="false: a dry run, which logs what would be refused.")
    data_projects: list[fields.ProjectId] = Field(
        default_factory=no_items,
        max_length=50,
        description="Other projects whose data belongs inside: only then is it out of reach from outside.",
    )
    access_levels: list[fields.AccessLevel] = Field(
        default_factory=no_items,
        max_length=20,
        description="Existing access levels that may come in from outside: those of pipelines and administrators.",
    )

    def to_model(self) -> model.Perimeter:
        """The internal form."""
        levels = tuple(self.access_levels)
        return model.Perimeter(str(self.policy), self.enforced, tuple(self.data_projects), levels)


class WorkbenchSpec(Strict):
    """A notebook instance without an external address."""

    name: fields.ResourceName
    zone: fields.Zone
    owner: fields.Email = Field(description="Its only user.")

    def to_model(self) -> model.Workbench:
        """The internal form."""
        return model.Workbench(self.name, self.zone, self.owner)


Groups = Annotated[list[fields.Group], Field(max_length=16)]
Workloads = Annotated[list[fields.Workload], Field(max_length=16)]


class InstallerSpec(Strict):
    """Who installs the operator, for a while."""

    groups: Annotated[list[fields.Group], Field(min_length=1, max_length=16)] = Field(
        description="Groups that are empty outside installations and upgrades."
    )
    until: Moment = Field(description="When the right ends: at most 90 days ahead.")


class ActorsSpec(Strict):
    """Who runs, installs, checks and feeds the platform. Named, their roles are bound; else the plan lists them."""

    platform_admin: Groups = Field(
        default_factory=no_items, description="Make the platform, by the pipeline that applies."
    )
    operator_installer: InstallerSpec | None = Field(default=None, description="Install KubeRay (manifests).")
    auditor: Groups = Field(default_factory=no_items, description="Read logs, bindings and policies.")
    ci: Workloads = Field(default_factory=no_items, description="Pushes images, and signs what it pushed.")
    scanner: Workloads = Field(default_factory=no_items, description="Reads images, and what scanning found in them.")

    def to_model(self) -> tuple[model.Duty, ...]:
        """The internal form: those that are named."""
        installer = self.operator_installer
        duties = [
            model.Duty("platform-admin", tuple(self.platform_admin)),
            model.Duty("auditor", tuple(self.auditor)),
            model.Duty("ci", tuple(self.ci)),
            model.Duty("scanner", tuple(self.scanner)),
        ]
        if installer is not None:
            duties.append(model.Duty("operator-installer", tuple(installer.groups), installer.until))
        return tuple(duty for duty in duties if duty.members)
