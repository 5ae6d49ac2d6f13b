"""Who may do what: principals, the reference decision, job stamps, packages, views. Pure; the gateway ships with it."""

from rayfence.access.authorize import MESSAGES, Decision, Gate, Outcome, authorize, required_holder
from rayfence.access.paths import normalize_path
from rayfence.access.principal import Principal, principal_from_claims, principal_from_payload
from rayfence.access.request import Listener, Request, surface_of

__all__ = [
    "MESSAGES",
    "Decision",
    "Gate",
    "Listener",
    "Outcome",
    "Principal",
    "Request",
    "authorize",
    "normalize_path",
    "principal_from_claims",
    "principal_from_payload",
    "required_holder",
    "surface_of",
]
