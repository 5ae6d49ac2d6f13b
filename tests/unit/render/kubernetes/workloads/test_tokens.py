"""Twin of rayfence.render.kubernetes.workloads.tokens."""

from rayfence.render.kubernetes.render import render
from rayfence.render.kubernetes.workloads.listing import workloads
from rayfence.render.kubernetes.workloads.tokens import auth_options, token_secret
from tests.unit.render.kubernetes.resolutions import SETTINGS, VISION, at, existing, found

TRAIN = workloads(VISION)[0]


def test_the_token_is_where_the_gateway_knows_it() -> None:
    assert auth_options(TRAIN, SETTINGS, gateway=True) == {"mode": "token", "secretName": "ray-token-cluster-train"}
    manifests = render(existing())
    job = found(manifests, "RayJob vision/sweep")
    assert at(job, "spec", "rayClusterSpec", "authOptions", "secretName") == "ray-token-job-sweep"
    assert len({token_secret(one) for one in workloads(VISION)}) == len(workloads(VISION))


def test_kuberay_makes_it_where_it_can_be_told_no_name_or_nobody_asks() -> None:
    old = existing(operator_version="1.5.1").kubernetes
    assert auth_options(TRAIN, old, gateway=True) == {"mode": "token"}
    assert auth_options(TRAIN, SETTINGS, gateway=False) == {"mode": "token"}
