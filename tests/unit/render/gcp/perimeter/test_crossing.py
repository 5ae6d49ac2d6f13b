"""One crossing in both forms."""

from rayfence.render.gcp.perimeter.crossing import (
    Crossing,
    api_egress,
    api_ingress,
    terraform_egress,
    terraform_ingress,
)
from rayfence.render.gcp.values import literal, template, text

OUT = Crossing("out", (text("serviceAccount:a"),), "bigquery.googleapis.com", "acme-data")
IN = Crossing("in", (text("serviceAccount:a"),), "bigquery.googleapis.com", "*", ("M",), text("//network"))


def test_egress_names_identity_service_and_project() -> None:
    assert template(terraform_egress(OUT)) == {
        "title": "out",
        "egress_from": {"identities": ["serviceAccount:a"]},
        "egress_to": {
            "operations": [{"service_name": "bigquery.googleapis.com", "method_selectors": [{"method": "*"}]}],
            "resources": ["projects/${data.google_project.project__acme-data.number}"],
        },
    }
    assert "number of acme-data" in str(literal(api_egress(OUT)))


def test_ingress_names_the_network_it_comes_from() -> None:
    assert template(terraform_ingress(IN)) == {
        "title": "in",
        "ingress_from": {"identities": ["serviceAccount:a"], "sources": [{"resource": "//network"}]},
        "ingress_to": {
            "operations": [{"service_name": "bigquery.googleapis.com", "method_selectors": [{"method": "M"}]}],
            "resources": ["*"],
        },
    }
    assert "'ingressFrom'" in str(literal(api_ingress(IN)))
