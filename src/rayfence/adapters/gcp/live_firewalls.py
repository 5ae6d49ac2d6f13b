"""Firewall rules that will hold in the platform's network, read live.

A network that exists tells them itself (`getEffectiveFirewalls`). One that the platform will make inherits the
hierarchical policies of folders and organisation: those are read one by one, as the same answer.
Source: Compute Engine API v1, `networks.getEffectiveFirewalls`, `firewallPolicies.listAssociations`.
"""

import re
from collections.abc import Sequence
from typing import Final

from rayfence.adapters.gcp.rest import GoogleApi, GoogleApiError, Json

_POLICY: Final = re.compile(r"[0-9]{1,20}")
#: Orders that VPC rules and network policies may be in.
_ORDER: Final = "networkFirewallPolicyEnforcementOrder"


def network_firewalls(api: GoogleApi, project: str, network: str) -> Json | None:
    """What holds in a network, with its order of evaluation; None: `project` has no such network.

    Raises GoogleApiError: rules that can't be read may deny what the platform needs.
    """
    place = f"projects/{project}/global/networks/{network}"
    try:
        described = api.get("compute", place)
    except GoogleApiError as error:
        if error.status != 404:
            raise
        return None
    found = api.get("compute", f"{place}/getEffectiveFirewalls")
    return {**found, _ORDER: described.get(_ORDER, "AFTER_CLASSIC_FIREWALL")}


def inherited_firewalls(api: GoogleApi, above: Sequence[str]) -> Json:
    """What a new network inherits from `above`: folders and organisation, nearest first. Raises GoogleApiError."""
    return {"firewallPolicys": [policy for node in reversed(above) for policy in _policies_of(api, node)]}


def _policies_of(api: GoogleApi, node: str) -> list[Json]:
    """Hierarchical policies associated with one node."""
    path = "locations/global/firewallPolicies"
    answer = api.get("compute", f"{path}/listAssociations", {"targetResource": node})
    associations = answer.get("associations", [])
    policies: list[Json] = []
    for item in associations if isinstance(associations, list) else []:
        identifier = str(item.get("firewallPolicyId", "")) if isinstance(item, dict) else ""
        if not _POLICY.fullmatch(identifier):
            raise GoogleApiError(
                f"compute {path}/listAssociations", 200, "", f"an association of {node} without policy"
            )
        policy = api.get("compute", f"{path}/{identifier}")
        policies.append({"type": "HIERARCHY", **policy})
    return policies
