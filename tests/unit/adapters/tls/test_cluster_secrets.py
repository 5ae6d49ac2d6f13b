"""Twin of rayfence.adapters.tls.cluster_secrets, on the simulated API server."""

import base64
from datetime import datetime, timedelta
from typing import Any

import pytest

from rayfence.adapters.tls.cluster_secrets import ClusterSecrets, utc_now
from rayfence.errors import ChangedMeanwhile, RayfenceError
from tests.sim.kubernetes.cluster import SimCluster
from tests.unit.adapters.tls.cluster_requests import ALL, NOW


class Place:
    """A cluster with the tenant's namespaces, and a clock that can be set."""

    def __init__(self) -> None:
        self.api = SimCluster(validate=True)
        self.now = NOW
        for name in ("vision", "vision-gateway"):
            self.api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.maker = ClusterSecrets(ALL, {"rayfence.dev/platform": "ml"}, self.time)
        self.said: list[str] = []

    def time(self) -> datetime:
        return self.now

    def make(self) -> tuple[str, ...]:
        made: list[str] = []

        def did(name: str, note: str) -> None:
            made.append(name)
            self.said.append(f"{note} {name}")

        self.maker.make(self.api, self.api, self.api.kinds(), did)
        return tuple(made)

    def data(self, namespace: str, name: str) -> dict[str, bytes]:
        found: Any = self.api.objects["v1", "Secret", namespace, name]
        return {key: base64.b64decode(value) for key, value in found["data"].items()}


def test_all_are_made_once_and_then_left_alone() -> None:
    place = Place()
    assert place.maker.missing(place.api, place.api.kinds()) == tuple(one.reference for one in ALL)
    assert not place.api.writes
    made = place.make()
    assert sorted(made) == sorted(one.reference for one in ALL)
    assert made.index("Secret vision/ray-token-cluster-train") < made.index("Secret vision-gateway/gateway-ray-tokens")
    before = dict(place.api.objects)
    writes = list(place.api.writes)
    assert place.make() == ()
    assert place.maker.missing(place.api, place.api.kinds()) == ()
    assert place.api.writes == writes
    assert place.api.objects == before


def test_the_gateways_copy_is_rays_own_token() -> None:
    place = Place()
    place.make()
    token = place.data("vision", "ray-token-cluster-train")["auth_token"]
    assert place.data("vision-gateway", "gateway-ray-tokens") == {"cluster-train": token}


def test_only_what_ends_is_renewed_and_in_place() -> None:
    place = Place()
    place.make()
    token = place.data("vision", "ray-token-cluster-train")
    place.now = NOW + timedelta(days=50)
    assert place.make() == ("Secret vision/sidecar-cluster-train",)
    assert place.data("vision", "ray-token-cluster-train") == token
    assert any("renewed Secret vision/sidecar-cluster-train" in line for line in place.said)


def test_a_lost_one_is_made_anew_and_nothing_beside_it() -> None:
    place = Place()
    place.make()
    del place.api.objects["v1", "Secret", "vision-gateway", "gateway-stamp-keys"]
    assert place.make() == ("Secret vision-gateway/gateway-stamp-keys",)


def test_who_came_in_between_wins() -> None:
    place = Place()
    place.make()
    place.now = NOW + timedelta(days=50)

    def meddle(verb: str, value: object) -> None:
        if verb == "replace":
            secret = place.api.objects["v1", "Secret", "vision", "sidecar-cluster-train"]
            secret["metadata"]["resourceVersion"] = "999999"

    place.api.faults.append(meddle)
    with pytest.raises(ChangedMeanwhile):
        place.make()


def test_an_interrupted_run_is_completed_by_the_next() -> None:
    for stop in range(1, len(ALL) + 1):
        place = Place()
        writes = 0

        def fail(verb: str, value: object) -> None:
            nonlocal writes
            if verb == "create":
                writes += 1
                if writes == stop:  # noqa: B023
                    raise RayfenceError("cut off")

        place.api.faults.append(fail)
        with pytest.raises(RayfenceError, match="cut off"):
            place.make()
        place.api.faults.clear()
        assert len(place.make()) == len(ALL) - stop + 1
        token = place.data("vision", "ray-token-cluster-train")["auth_token"]
        assert place.data("vision-gateway", "gateway-ray-tokens") == {"cluster-train": token}


def test_no_secret_is_said_aloud() -> None:
    place = Place()
    place.make()
    secret = [place.data(one.namespace, one.name) for one in ALL if not one.public]
    values = [value.decode(errors="replace") for data in secret for value in data.values()]
    assert not [value for value in values if any(value in line for line in place.said)]


def test_times_are_utc() -> None:
    assert utc_now().utcoffset() == timedelta(0)


def test_an_authoritys_certificate_is_published_without_its_key_and_follows_it() -> None:
    place = Place()
    place.make()
    found = place.api.find("ConfigMap vision-gateway/gateway-authority")
    assert found["data"] == {"ca.crt": place.data("vision-gateway", "authority-inner")["ca.crt"].decode()}
    place.now += timedelta(days=5 * 365 - 10)
    assert "ConfigMap vision-gateway/gateway-authority" in place.make()
    found = place.api.find("ConfigMap vision-gateway/gateway-authority")
    assert found["data"]["ca.crt"].encode() == place.data("vision-gateway", "authority-inner")["ca.crt"]
    place.api.edit("ConfigMap vision-gateway/gateway-authority", "mallory", lambda v: v["data"].update({"ca.crt": "x"}))
    assert place.maker.missing(place.api, place.api.kinds()) == ("ConfigMap vision-gateway/gateway-authority",)
