from dataclasses import replace

from rayfence.catalog.gke_capacity import load_gke_capacity
from rayfence.model.proofs import Room
from rayfence.model.tenancy import Job, PodShape
from rayfence.policy.proofs.fit.pods import pod_needs, shape_room, text
from tests.unit.policy.proofs.made import GKE, pods, resolution, tenant

FIGURES = load_gke_capacity()


def test_every_pod_of_every_ray_object_is_counted() -> None:
    busy = replace(tenant(), jobs=(Job("nightly", pods(), "python x.py", "0 1 * * *"),), queue="q")
    needs = {need.name: need for need in pod_needs(resolution(GKE, busy).platform, FIGURES)}
    assert {"vision/train head", "vision/train cpu", "vision/nightly head"} <= set(needs)
    assert {"kuberay-operator", "kube-system", "vision-gateway gateway"} <= set(needs)
    assert needs["vision/nightly head"].waits and not needs["vision/train head"].waits
    assert needs["vision/train cpu"].path == "tenants.0.clusters.0.workers.0"
    assert (needs["vision/train cpu"].minimum, needs["vision/train cpu"].maximum) == (2, 4)


def test_the_head_carries_its_sidecars() -> None:
    plain, scaled = pods(autoscaling=False), pods()
    heads = []
    for ray in (plain, scaled):
        needs = pod_needs(resolution(GKE, tenant(ray=ray)).platform, FIGURES)
        heads.append(next(need for need in needs if need.name.endswith("head")).request)
    assert heads[1] - heads[0] == FIGURES.sidecars["autoscaler"]
    assert heads[0] == shape_room(plain.head) + FIGURES.sidecars["mtls"]


def test_a_room_reads_as_people_say_it() -> None:
    assert text(shape_room(PodShape(3, 8, gpus=1))) == "3 CPU, 8 GiB, 1 GPU"
    assert text(Room(3500, 7680)) == "3.5 CPU, 7.5 GiB"
