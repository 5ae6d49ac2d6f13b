"""One crossing of a service perimeter, as the API and Terraform write it.

Source: Access Context Manager API v1, `IngressPolicy`, `EgressPolicy`.
"""

from collections.abc import Mapping

from rayfence.model.frozen import dataclass
from rayfence.render.gcp.values import Text, label, reference, text


@dataclass(frozen=True, slots=True)
class Crossing:
    """Who may use which service of which project across the perimeter, and nothing else.

    `project`: id (looked up), `projects/NUMBER`, or `*` for everything inside (ingress only). `methods`: as in
    `bigquery.googleapis.com/…`; empty: every method of the service. `source`: the network that calls come from.
    """

    title: str
    identities: tuple[Text, ...]
    service: str
    project: str
    methods: tuple[str, ...] = ()
    source: Text | None = None


def _resources(item: Crossing) -> list[str | Text]:
    if item.project == "*" or item.project.startswith("projects/"):
        return [item.project]
    number = reference(f"data.google_project.{label('project', item.project)}.number", f"number of {item.project}")
    return [text("projects/", number)]


def _selectors(item: Crossing) -> list[dict[str, str]]:
    return [{"method": method} for method in item.methods or ("*",)]


def api_ingress(item: Crossing) -> Mapping[str, object]:
    """`IngressPolicy` of the API."""
    return {
        "title": item.title,
        "ingressFrom": {
            "identities": item.identities,
            "sources": [{"resource": item.source}] if item.source else None,
        },
        "ingressTo": {
            "operations": [{"serviceName": item.service, "methodSelectors": _selectors(item)}],
            "resources": _resources(item),
        },
    }


def terraform_ingress(item: Crossing) -> Mapping[str, object]:
    """`ingress_policies` of the provider."""
    return {
        "title": item.title,
        "ingress_from": {
            "identities": item.identities,
            "sources": [{"resource": item.source}] if item.source else None,
        },
        "ingress_to": {
            "operations": [{"service_name": item.service, "method_selectors": _selectors(item)}],
            "resources": _resources(item),
        },
    }


def api_egress(item: Crossing) -> Mapping[str, object]:
    """`EgressPolicy` of the API."""
    return {
        "title": item.title,
        "egressFrom": {"identities": item.identities},
        "egressTo": {
            "operations": [{"serviceName": item.service, "methodSelectors": _selectors(item)}],
            "resources": _resources(item),
        },
    }


def terraform_egress(item: Crossing) -> Mapping[str, object]:
    """`egress_policies` of the provider."""
    return {
        "title": item.title,
        "egress_from": {"identities": item.identities},
        "egress_to": {
            "operations": [{"service_name": item.service, "method_selectors": _selectors(item)}],
            "resources": _resources(item),
        },
    }
