"""Settings of two Ray objects behind one gateway in a cluster, for the tests of this folder."""

from dataclasses import replace

from rayfence.model.gateway import Hosts, Sidecar
from tests.unit.render.envoy.example import SETTINGS

TRAIN = replace(
    SETTINGS,
    hosts=Hosts(("train.gw.svc",), "d-train.gw.svc", "gateway.gw.svc", ("gateway.gw.svc.cluster.local",)),
    port=443,
    listen_port=8443,
    static_dir="/c",
    ray_token_sds="/c/token_train.yaml",
    workload="train",
    sidecar=Sidecar("train.vision.svc", 8443, 8444, 0),
)
ANSWERS = replace(
    TRAIN,
    hosts=Hosts(("answers.gw.svc",), "d-answers.gw.svc", "gateway.gw.svc", ("gateway.gw.svc.cluster.local",)),
    ray_token_sds="/c/token_answers.yaml",
    workload="answers",
    sidecar=Sidecar("answers.vision.svc", 8443, 0, 8445),
)
