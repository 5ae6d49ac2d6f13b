"""Twin of rayfence.render.kubernetes.gateway.pod."""

from typing import Any

from rayfence.render.kubernetes.gateway.pod import SECRETS, gateway_pod
from rayfence.render.kubernetes.gateway.site import site_of
from tests.unit.render.kubernetes.resolutions import GATEWAY_IMAGE, VISION, existing

POD: Any = gateway_pod(GATEWAY_IMAGE, site_of(VISION, existing()), {"matchLabels": {"a": "b"}})
(ENVOY,), (SERVICE,) = POD["containers"], POD["initContainers"]


def _mounted(container: Any) -> set[str]:
    return {mount["name"] for mount in container["volumeMounts"]}


def test_it_is_spread_and_has_an_account_of_its_own() -> None:
    assert len(POD["topologySpreadConstraints"]) == 2
    assert POD["serviceAccountName"] == "gateway"
    assert POD["automountServiceAccountToken"] is False
    assert POD["securityContext"]["runAsNonRoot"] is True


def test_containers_are_pinned_read_only_and_probed() -> None:
    for container in (ENVOY, SERVICE):
        assert container["image"] == GATEWAY_IMAGE
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["resources"]["requests"] == container["resources"]["limits"]
        assert {"startupProbe", "livenessProbe"} <= set(container)
    host = {"name": "Host", "value": "gateway.vision-gateway.svc"}
    assert ENVOY["readinessProbe"]["httpGet"]["httpHeaders"] == [host]


def test_the_service_is_there_before_envoy_and_goes_after_it() -> None:
    """Envoy serves nobody without the files that the service writes; and what Envoy still ends is still recorded."""
    assert SERVICE["restartPolicy"] == "Always"
    command = ENVOY["lifecycle"]["preStop"]["exec"]["command"]
    assert "rayfence.gateway.pod.drain" in command
    listeners = int(ENVOY["args"][ENVOY["args"].index("--drain-time-s") + 1])
    assert POD["terminationGracePeriodSeconds"] > int(command[-1]) > listeners


def test_each_process_sees_its_own_secrets_only() -> None:
    envoy, service = _mounted(ENVOY), _mounted(SERVICE)
    assert not envoy & {"gateway-signing-keys", "gateway-stamp-keys", "api-token", "keys"}
    assert "gateway-tls" not in service
    volumes = {volume["name"]: volume for volume in POD["volumes"]}
    assert (envoy | service) - {"trail"} == set(volumes)
    assert {name for name, volume in volumes.items() if "secret" in volume} - {"front-certificate"} == set(SECRETS)
    assert volumes["front-certificate"]["secret"]["items"] == [{"key": "tls.crt", "path": "tls.crt"}]


def test_envoy_reads_the_trail_nowhere() -> None:
    parts = {mount["mountPath"]: mount.get("subPath") for mount in ENVOY["volumeMounts"] if mount["name"] == "trail"}
    assert parts == {"/var/lib/rayfence/log": "log"}


def test_what_comes_with_the_ray_cluster_is_not_waited_for() -> None:
    """Ray is made after its gateway: a gateway that waited for Ray's token would keep it from coming."""
    optional = [volume["name"] for volume in POD["volumes"] if volume.get("secret", {}).get("optional")]
    assert optional == ["gateway-ray-tokens"]


def test_keys_and_sockets_are_kept_in_memory_and_only_the_service_has_a_token() -> None:
    volumes = {volume["name"]: volume for volume in POD["volumes"]}
    assert all(volumes[name]["emptyDir"]["medium"] == "Memory" for name in ("runtime", "keys"))
    source, _ = volumes["api-token"]["projected"]["sources"]
    assert source["serviceAccountToken"]["expirationSeconds"] == 600
