"""The first spec: commented, minimal, and sure to load.

Pure text assembly. Values are quoted here and held to the spec's own rules afterwards, so a flag that holds YAML can't
become part of the spec.
"""

import json
import re
from typing import Final

from rayfence.errors import SpecError
from rayfence.model.frozen import dataclass
from rayfence.spec.load import load

TARGETS: Final = ("local", "kubernetes", "gke")


@dataclass(frozen=True, slots=True)
class Draft:
    """What `rayfence init` was told. Empty: left out, with a comment that shows the field.

    `network`, `subnetwork`: existing ones, of `host_project` if that is given; without them a VPC is made, and joined
    to `hub` if that is given. Images by digest; without `operator_image` KubeRay is GKE's add-on, or somebody else's.
    `policies`: file or folder of exported ones.
    """

    target: str = "local"
    name: str = "default"
    tenant: str = "team"
    group: str = ""
    registry: str = ""
    project: str = ""
    location: str = ""
    mode: str = "standard"
    network: str = ""
    subnetwork: str = ""
    host_project: str = ""
    hub: str = ""
    policies: str = ""
    context: str = ""
    ray_image: str = ""
    gateway_image: str = ""
    operator_image: str = ""


#: Fields that only some targets have.
_ONLY: Final = {
    **dict.fromkeys(("project", "location", "network", "subnetwork", "host_project", "hub", "policies"), ("gke",)),
    **dict.fromkeys(("group", "registry", "ray_image", "gateway_image", "operator_image"), ("kubernetes", "gke")),
    "context": ("kubernetes",),
}
_NEEDED: Final = {"local": (), "kubernetes": ("registry",), "gke": ("project", "location")}

#: Read as something else than text by one YAML reader or another.
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def missing(draft: Draft) -> tuple[str, ...]:
    """Fields without which the target has no spec."""
    paired = ("subnetwork",) if draft.network else ("network",) if draft.subnetwork or draft.host_project else ()
    return tuple(name for name in (*_NEEDED[draft.target], *paired) if not getattr(draft, name))


def unused(draft: Draft) -> tuple[str, ...]:
    """Fields that were given although the target, or another field, leaves no use for them."""
    found = [name for name, targets in _ONLY.items() if getattr(draft, name) and draft.target not in targets]
    if draft.target != "gke" and draft.mode != "standard":
        found.append("mode")
    if draft.target == "gke" and draft.network and draft.hub:
        found.append("hub")
    return tuple(found)


def spec_text(draft: Draft) -> str:
    """The spec. Raises SpecError where a value is not what its field may hold."""
    build = {"local": _local, "kubernetes": _kubernetes, "gke": _gke}[draft.target]
    text = "\n".join(build(draft)) + "\n"
    try:
        load(text, "the new spec")
    except SpecError as error:
        # Places in a text that nobody has seen help nobody: path and sentence do.
        told = SpecError(tuple(re.sub(r"^the new spec:\d+:\d+: ", "", problem) for problem in error.problems))
        told.hint = "give other values; nothing has been written"
        raise told from error
    return text


def _q(value: str) -> str:
    """A YAML scalar: as it is where that can only be read as this text, else quoted as JSON, which YAML contains."""
    plain = re.fullmatch(r"[a-z][a-zA-Z0-9./-]*[a-zA-Z0-9/]", value) and value not in _WORDS
    return value if plain else json.dumps(value)


def _noted(line: str, note: str) -> str:
    return f"{line:<38} # {note}"


def _head(draft: Draft, title: str) -> list[str]:
    return [
        f"# {title} What is left out has the safest value.",
        "#   rayfence plan -f platform.yaml              shows every decision and changes nothing",
        "#   rayfence schema > platform.schema.json      lets an editor complete and check the fields",
        "apiVersion: rayfence.dev/v1alpha1",
        "kind: Platform",
        f"metadata: {{name: {_q(draft.name)}}}",
        "target:",
    ]


def _local(draft: Draft) -> list[str]:
    return [
        *_head(draft, "A platform on this machine."),
        "  local: {}",
        _noted("tenants:", "a tenant is a trust boundary; a local platform has one"),
        f"- name: {_q(draft.tenant)}",
        "  clusters:",
        "  - name: ray",
        _noted("    head: {cpus: 1}", "0 keeps tasks off the head"),
        "    workers:",
        "    - {name: workers, replicas: 1, cpus: 1}",
    ]


def _kubernetes(draft: Draft) -> list[str]:
    return [
        *_head(draft, "A platform on a Kubernetes cluster that exists."),
        "  kubernetes:",
        f"    context: {_q(draft.context)}"
        if draft.context
        else _noted("    # context: my-cluster", "left out: kubectl's current one"),
        _noted("    datapath: other", "what enforces network policies: cilium, calico, other, none"),
        *_images(draft, draft.registry),
        *_tenants(draft),
    ]


def _gke(draft: Draft) -> list[str]:
    region, zonal = _region(draft.location), draft.location.count("-") > 1
    mode = f"    mode: {_q(draft.mode)}"
    return [
        *_head(draft, "A platform on GKE."),
        "  gke:",
        f"    project: {_q(draft.project)}",
        f"    location: {_q(region)}",
        *(
            [_noted(f"    nodeLocations: [{_q(draft.location)}]", "the control plane is regional")]
            if zonal and draft.mode == "standard"
            else []
        ),
        mode if draft.mode == "autopilot" else _noted(mode, "or autopilot: Google makes nodes to fit the pods"),
        *_network(draft),
        f"organization: {{policies: {_q(draft.policies)}}}"
        if draft.policies
        else _noted("# organization: {policies: org-policies}", "exported policies to obey; or {live: true}"),
        _noted("# encryption: {make: {protection: HSM}}", "left out: as the organisation demands"),
        _noted("# exposure: {internal: {sourceRanges: [10.0.0.0/8]}}", "left out: no way in from outside"),
        *_images(draft, draft.registry or f"{region}-docker.pkg.dev/{draft.project}/ray/"),
        *_tenants(draft),
    ]


def _region(location: str) -> str:
    return "-".join(location.split("-")[:2])


def _network(draft: Draft) -> list[str]:
    if draft.network:
        return [
            "    network:",
            f"      {'sharedVpc' if draft.host_project else 'existing'}:",
            *([f"        hostProject: {_q(draft.host_project)}"] if draft.host_project else []),
            f"        network: {_q(draft.network)}",
            f"        subnetwork: {_q(draft.subnetwork)}",
            _noted("        podsRange: pods", "names of the subnet's secondary ranges"),
            "        servicesRange: services",
        ]
    return [
        "    network:",
        _noted("      spoke:" if draft.hub else "      own:", "a VPC made for this platform"),
        *([f"        hub: {_q(draft.hub)}"] if draft.hub else []),
        _noted("        nodesCidr: 10.0.0.0/22", "ranges that nothing else of yours uses"),
        "        podsCidr: 10.4.0.0/16",
        "        servicesCidr: 10.8.0.0/20",
    ]


def _images(draft: Draft, registry: str) -> list[str]:
    return [
        "images:",
        _noted(f"  registries: [{_q(registry)}]", "admission refuses images from elsewhere"),
        f"  gateway: {_q(draft.gateway_image)}"
        if draft.gateway_image
        else _noted("  # gateway: REGISTRY/rayfence-gateway@sha256:…", "by digest"),
        *_operator(draft),
    ]


def _operator(draft: Draft) -> list[str]:
    if draft.operator_image:
        return [
            "operator:",
            f"  image: {_q(draft.operator_image)}",
            "  gates: [RayClusterMTLS, RayClusterNetworkPolicy]",
        ]
    if draft.target == "gke":
        return [_noted("operator: {source: addon}", "GKE's own KubeRay; or manifests, with its image by digest")]
    return [_noted("operator: {source: existing}", "somebody else's KubeRay; or manifests, with its image by digest")]


def _tenants(draft: Draft) -> list[str]:
    shape = "cpus: 2, memoryGib: 8"
    clusters = [
        "clusters:",
        "- name: ray",
        f"  ray: {{image: {_q(draft.ray_image)}}}" if draft.ray_image else "  ray: {image: REGISTRY/ray@sha256:…}",
        f"  head: {{{shape}}}",
        "  workers:",
        f"  - {{name: workers, {shape}, minimum: 0, maximum: 4}}",
    ]
    return [
        _noted("tenants:", "a tenant is a trust boundary"),
        f"- name: {_q(draft.tenant)}",
        f"  roles: {{submitter: [{_q(f'group:{draft.group}')}]}}"
        if draft.group
        else _noted('  # roles: {submitter: ["group:team@example.com"]}', "nobody by default; people by group"),
        *(f"  {'' if draft.ray_image else '# '}{line}" for line in clusters),
    ]
