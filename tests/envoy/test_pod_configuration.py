"""The rendered ConfigMap in a real Envoy: taken as it is for every example, reloaded as Kubernetes changes mounts, and
through to Ray by mutual TLS with each head's own sidecar.
"""

import datetime
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from rayfence.access.revocation import REVOCATIONS_FILE, revocations_text
from rayfence.adapters.envoy import difference
from rayfence.api.cluster import plan_cluster
from rayfence.api.specs import read_cluster
from rayfence.model.desired import ConfigFile
from rayfence.model.gateway import Limits
from rayfence.model.tenancy import Roles
from rayfence.render.kubernetes.gateway.config import gateway_config
from rayfence.render.kubernetes.gateway.site import RayObject, Site, site_of
from rayfence.render.kubernetes.workloads.listing import Kind
from tests.envoy.pod_stand import PodStand, leaf_files, pod_stand, wait_for
from tests.envoy.stand import Authority, Mint

pytestmark = pytest.mark.envoy

#: As Envoy reads: with anchors. In C where there is one, since the tables are large.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
EXAMPLES = sorted(path for path in Path("examples").glob("*/platform.yaml"))
TRAIN = RayObject(Kind.CLUSTER, "train", "2.60.0")
ANSWERS = RayObject(Kind.SERVICE, "answers", "2.60.0")
SITE = Site("ml", "vision", Limits(), None, (TRAIN, ANSWERS), people=True)
AUDIENCE = "rayfence:ml:vision:api"


def _data(site: Site) -> Mapping[str, str]:
    data = gateway_config(site, Roles())["data"]
    assert isinstance(data, dict)
    return data


def _dynamic(stand: PodStand, mint: Mint) -> None:
    """What the service writes: keys, the filter that names them, revocations."""
    folder = stand.path("/run/rayfence/envoy")
    (folder / "jwks.json").write_text(json.dumps(mint.jwks()))
    (folder / "ecds_jwt.yaml").write_text(stand.path("/etc/rayfence/gateway/ecds_jwt.yaml").read_text())
    (folder / REVOCATIONS_FILE).write_text(revocations_text())


@pytest.fixture(scope="module")
def mint() -> Mint:
    return Mint()


@pytest.fixture
def stand(mint: Mint) -> Iterator[PodStand]:
    """A running Envoy of the tenant's gateway, without Ray's tokens."""
    with pod_stand(SITE) as stand:
        stand.configure(_data(SITE))
        _dynamic(stand, mint)
        stand.start_envoy()
        wait_for(stand)
        yield stand


def _until(seen: Callable[[], bool], stand: PodStand, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, stand.log()
        time.sleep(0.05)


def _ask(stand: PodStand, mint: Mint, host: str, target: str = "/api/version") -> tuple[int, str]:
    """Status and refusal; by a connection that any of our names gets, for hosts that are not ours (yet)."""
    token = mint.token(AUDIENCE, "viewer", ["serve:call"], iss="rayfence:ml:vision")
    with stand.http1("gateway.vision-gateway.svc") as client:
        answer = client.request("GET", target, [("host", host), ("authorization", f"Bearer {token}")])
    return answer.status, answer.refusal


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_envoy_takes_every_file_of_every_example(example: Path, mint: Mint) -> None:
    planned = plan_cluster(read_cluster(example), example, today=datetime.date(2026, 11, 26))
    sites = [site_of(tenant, planned.resolution) for tenant in planned.platform.tenants]
    with_gateway = [site for site in sites if site.objects]
    assert with_gateway or example.parent.name == "minimal"
    for site in with_gateway:
        with pod_stand(site, heads=False) as stand:
            stand.configure(_data(site))
            stand.mount("/etc/rayfence/ray-tokens", {one.label: "t" * 64 for one in site.objects})
            _dynamic(stand, mint)
            stand.start_envoy()
            wait_for(stand)
            with stand.admin() as admin:
                assert set(admin.listeners()) == {"front", "ray_client"}
                _until(lambda: not difference(admin, _placed(stand)), stand)
                assert not admin.refusals(), stand.log()
                assert "deprecated" not in stand.log()


def _placed(stand: PodStand) -> list[ConfigFile]:
    """The mounted files; their values are read as Envoy reads them, with anchors."""
    folder = stand.path("/etc/rayfence/gateway")
    names = ("cds.yaml", "rds.yaml", "rds_ray_client.yaml", "lds.yaml", "sds.yaml")
    texts = ((name, json.dumps(LOADER((folder / name).read_text()).get_single_data())) for name in names)
    return [ConfigFile(str(folder / name), text) for name, text in texts]


def test_a_request_reaches_the_head_that_its_host_names_and_no_other(stand: PodStand, mint: Mint) -> None:
    stand.mount("/etc/rayfence/ray-tokens", {"cluster-train": "t" * 64, "service-answers": "a" * 64})
    for label, token in (("cluster-train", "t" * 64), ("service-answers", "a" * 64)):
        _until(lambda: _ask(stand, mint, f"{label}.vision-gateway.svc")[0] == 200, stand)  # noqa: B023
        seen = stand.heads[label].ray.requests[-1]
        assert seen.values("authorization") == [f"Bearer {token}"]
        assert not seen.values("x-rayfence-workload")
    before = [len(head.ray.requests) for head in stand.heads.values()]
    assert _ask(stand, mint, "gateway.vision-gateway.svc")[0] == 403
    assert _ask(stand, mint, "cluster-other.vision-gateway.svc") == (421, "unknown_host")
    assert [len(head.ray.requests) for head in stand.heads.values()] == before


def test_without_rays_token_nothing_passes_and_with_it_no_restart_is_needed(stand: PodStand, mint: Mint) -> None:
    """The token comes with the Ray cluster, after its gateway."""
    host = "cluster-train.vision-gateway.svc"
    assert _ask(stand, mint, host)[0] == 401
    with stand.admin() as admin:
        clusters = {name.split(".membership")[0] for name in admin.counters(r"^cluster\..*\.membership_total$")}
    assert "cluster.ray_client.cluster-train" in clusters
    assert not stand.heads["cluster-train"].ray.requests
    stand.mount("/etc/rayfence/ray-tokens", {"cluster-train": "t" * 64})
    _until(lambda: _ask(stand, mint, host)[0] == 200, stand)
    stand.mount("/etc/rayfence/ray-tokens", {"cluster-train": "n" * 64})
    head = stand.heads["cluster-train"].ray

    def renewed() -> bool:
        _ask(stand, mint, host)
        return head.requests[-1].values("authorization") == [f"Bearer {'n' * 64}"]

    _until(renewed, stand)


def test_a_head_with_another_name_or_authority_is_not_spoken_to(stand: PodStand, mint: Mint) -> None:
    """Who takes a head's address still lacks its certificate; another head of the tenant has one of another name."""
    stand.mount("/etc/rayfence/ray-tokens", {"cluster-train": "t" * 64})
    host, head = "cluster-train.vision-gateway.svc", stand.heads["cluster-train"]
    _until(lambda: _ask(stand, mint, host)[0] == 200, stand)
    swapped = {**_data(SITE)}
    swapped["cds.yaml"] = swapped["cds.yaml"].replace(
        '"address": "cluster-train.vision.svc"', '"address": "service-answers.vision.svc"'
    )
    stand.configure(swapped)
    _until(lambda: _ask(stand, mint, host)[0] == 503, stand)
    assert not stand.heads["service-answers"].ray.requests
    stand.configure(_data(SITE))
    _until(lambda: _ask(stand, mint, host)[0] == 200, stand)
    count = len(head.ray.requests)
    (stand.folder / "foreign").mkdir()
    foreign = Authority(stand.folder / "foreign")
    stand.mount("/etc/rayfence/client-tls", leaf_files(foreign, ["gateway.vision-gateway.svc"]))
    time.sleep(6)  # connections that the old certificate opened are idle for long enough to be given up
    assert _ask(stand, mint, host)[0] == 503
    assert len(head.ray.requests) == count


def test_a_new_config_map_is_taken_without_a_restart_and_cuts_nothing(stand: PodStand, mint: Mint) -> None:
    """A Ray object comes: its host is served, and a stream that is open stays open."""
    stand.mount("/etc/rayfence/ray-tokens", {"service-answers": "a" * 64})
    host = "service-answers.vision-gateway.svc"
    _until(lambda: _ask(stand, mint, host)[0] == 200, stand)
    with stand.http1(host) as stream:
        token = mint.token(AUDIENCE, "viewer", ["serve:call"], iss="rayfence:ml:vision")
        headers = [("host", host), ("authorization", f"Bearer {token}"), ("connection", "Upgrade")]
        headers += [("upgrade", "websocket"), ("sec-websocket-key", "x"), ("sec-websocket-version", "13")]
        assert stream.request("GET", "/serve/app/socket", headers).status == 101
        larger = replace(SITE, objects=(*SITE.objects, RayObject(Kind.JOB, "late", "2.60.0")))
        assert _ask(stand, mint, "job-late.vision-gateway.svc")[0] == 421
        stand.configure(_data(larger))
        _until(lambda: _ask(stand, mint, "job-late.vision-gateway.svc")[0] in {401, 503}, stand)
        time.sleep(3)  # longer than listeners drain
        stream.stream().sendall(b"tick")
        assert stream.stream().recv(100) == b"tick"
    assert stand.processes[0].poll() is None
