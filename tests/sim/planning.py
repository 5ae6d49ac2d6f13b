"""Plans from files: a spec and a folder of policies are written down, and planned as a person would plan them."""

import datetime
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from click.testing import CliRunner

from rayfence.api.cluster import ClusterPlanned, plan_cluster
from rayfence.api.specs import read_cluster
from rayfence.cli.plan import command as plan_command
from tests.sim.platforms import changed, gke, text

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
NAMES: Final = ("article", "autopilot", "gpu-tenants", "minimal", "shared-vpc", "two-tenants")
TODAY: Final = datetime.date(2026, 11, 26)
ORGANIZATION: Final = "organizations/100000000001"

KEY: Final = "projects/acme-kms/locations/us-central1/keyRings/r/cryptoKeys/k"
PUBLIC: Final = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVyU8ChCMZGs8Rcfcqv1VfMZUVgcwm4uVgMMZ1dsl\n"
    "LTEyP1DXCnaLg4Xoq2FGfVfcVEv9VYsuKRk0pDcJ4Ixr0g==\n-----END PUBLIC KEY-----\n"
)
_OUTSIDE: Final = ("exposure.iap.dns", {"makeZone": "example.com"})
#: The spec of every field, and other choices where fields exclude each other.
VARIANTS: Final[Mapping[str, tuple[tuple[str, object], ...]]] = {
    "every field": (),
    "global": (("exposure.iap.scope", "global"), _OUTSIDE),
    "regional": (("exposure.iap.scope", "regional"), _OUTSIDE),
    "ingress": (("exposure.iap.scope", "global"), _OUTSIDE, ("exposure.iap.legacyIngress", True)),
    "existing zone": (("exposure.iap.dns", {"zone": "corporate"}),),
    "peered, with NAT": (
        ("target.gke.network.spoke.hub", "projects/acme-net/global/networks/hub"),
        ("target.gke.network.spoke.nat", True),
    ),
    "enforced perimeter": (("perimeter.enforced", True),),
    "attestor with a key": (("supplyChain", {"attestorKey": PUBLIC, "repositories": ["docker", "pypi", "apt"]}),),
    "attestor with a key of KMS": (("supplyChain", {"attestorKey": f"{KEY}/cryptoKeyVersions/1"}),),
    "existing key": (("encryption", {"key": KEY}),),
    "annotated": (("tenants.0.identity", {"mode": "annotated"}),),
    "under the organisation": (("target.gke.create.parent", "organizations/1"),),
}


@cache
def example(name: str) -> ClusterPlanned:
    """An example's plan, under its own policies."""
    path = EXAMPLES / name / "platform.yaml"
    return plan_cluster(read_cluster(path), path, None, TODAY)


def variant(name: str, folder: Path) -> ClusterPlanned:
    """The plan of one of VARIANTS, without policies."""
    spec = write(folder, changed(gke(), ("organization", ...), *VARIANTS[name]))
    return plan_cluster(read_cluster(spec), spec, None, TODAY)


def based_on(name: str, *changes: tuple[str, object]) -> dict[str, Any]:
    """An example's spec as plain data, changed; its policies are left out, its owner stays."""
    data = yaml.safe_load((EXAMPLES / name / "platform.yaml").read_text(encoding="utf-8"))
    organization = data.get("organization", {})
    organization.pop("policies", None)
    return changed(data, *changes)


def write(folder: Path, spec: Mapping[str, object]) -> Path:
    """The spec's file."""
    path = folder / "platform.yaml"
    path.write_text(text(spec), encoding="utf-8")
    return path


def policy(constraint: str, *rules: Mapping[str, object], **dry: object) -> dict[str, object]:
    """A policy of the organisation as Google's API says it; `dryRunSpec` and others beside `spec`."""
    named: dict[str, object] = {"name": f"{ORGANIZATION}/policies/{constraint}"}
    return named | ({"spec": {"rules": list(rules)}} if rules else {}) | dry


def on(constraint: str) -> dict[str, object]:
    """A boolean that is enforced."""
    return policy(constraint, {"enforce": True})


def allow(constraint: str, *values: str) -> dict[str, object]:
    """A list that admits these only."""
    return policy(constraint, {"values": {"allowedValues": list(values)}})


def deny(constraint: str, *values: str) -> dict[str, object]:
    """A list that admits everything but these."""
    return policy(constraint, {"values": {"deniedValues": list(values)}})


def custom(name: str, kind: str, condition: str, action: str = "DENY") -> tuple[dict[str, object], ...]:
    """A constraint of the organisation's own, and its policy."""
    definition: dict[str, object] = {
        "name": f"{ORGANIZATION}/customConstraints/custom.{name}",
        "resourceTypes": [kind],
        "methodTypes": ["CREATE", "UPDATE"],
        "condition": condition,
        "actionType": action,
        "displayName": name,
    }
    return definition, on(f"custom.{name}")


def policies(folder: Path, *items: Mapping[str, object]) -> Path:
    """A folder of policies, one file each."""
    place = folder / "policies"
    place.mkdir(exist_ok=True)
    for number, item in enumerate(items):
        (place / f"{number:02}.json").write_text(json.dumps(item), encoding="utf-8")
    return place


def planned(folder: Path, spec: Mapping[str, object], *items: Mapping[str, object]) -> ClusterPlanned:
    """The plan of a spec under policies."""
    path = write(folder, spec)
    place = policies(folder, *items) if items else None
    return plan_cluster(read_cluster(path), path, place, TODAY)


def plan_by_command(
    folder: Path, spec: Mapping[str, object], *items: Mapping[str, object]
) -> tuple[int, dict[str, Any], str]:
    """Exit status of `rayfence plan`, what `--json` says, and what a person reads."""
    arguments = ["-f", str(write(folder, spec))]
    if items:
        arguments += ["--policies", str(policies(folder, *items))]
    runner = CliRunner()
    said = runner.invoke(plan_command, [*arguments, "--json"], standalone_mode=False)
    read = runner.invoke(plan_command, arguments, standalone_mode=False)
    assert said.exception is None and read.exception is None, (said.exception, read.exception)
    assert said.return_value == read.return_value
    return int(said.return_value), json.loads(said.stdout), read.stdout
