"""Command lines and configuration files of every daemon of a test cluster, as values.

All of it is read inside the cluster's namespaces, where its folder is mounted at `HOME`; addresses and ports are the
same in every cluster. Pure. The flags that differ from a usual node's are there because containers run on a machine
without systemd, with control groups of version 1 or 2, and without the right to lower an out-of-memory score.
"""

import json
from pathlib import PurePosixPath
from typing import Final

import yaml

#: The cluster's folder inside its namespaces.
HOME: Final = PurePosixPath("/run/cluster")
#: Kubelet refuses a loopback address as a node's, so the loopback device carries one more.
NODE_ADDRESS: Final = "10.99.0.1"
UPLINK_ADDRESS: Final = "10.98.0.1/24"
GATEWAY_ADDRESS: Final = "10.98.0.2"
API_PORT: Final = 6443
SERVICES: Final = "10.96.0.0/16"
API_SERVICE: Final = "10.96.0.1"
PODS: Final = "10.244.0.0/16"
NODE_PODS: Final = "10.244.0.0/24"
PAUSE_IMAGE: Final = "localhost/pause:1"
NODE: Final = "n1"

PKI: Final = HOME / "pki"
AUTHENTICATION: Final = "authentication.yaml"
CONTAINERD_SOCKET: Final = HOME / "containerd.sock"
_ETCD: Final = "http://127.0.0.1:2379"


def etcd() -> tuple[str, ...]:
    """The store; it may lose writes in a power cut, which ends the cluster anyway."""
    return (
        "etcd",
        f"--data-dir={HOME / 'etcd'}",
        "--unsafe-no-fsync",
        f"--listen-client-urls={_ETCD}",
        f"--advertise-client-urls={_ETCD}",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--initial-advertise-peer-urls=http://127.0.0.1:2380",
        "--initial-cluster=default=http://127.0.0.1:2380",
    )


def api_server(program: str) -> tuple[str, ...]:
    """The API server: Node and RBAC authorization, every admission plug-in that is on by default."""
    return (
        program,
        f"--etcd-servers={_ETCD}",
        f"--secure-port={API_PORT}",
        "--bind-address=0.0.0.0",
        f"--advertise-address={NODE_ADDRESS}",
        f"--service-cluster-ip-range={SERVICES}",
        f"--tls-cert-file={PKI / 'apiserver.crt'}",
        f"--tls-private-key-file={PKI / 'apiserver.key'}",
        f"--client-ca-file={PKI / 'ca.crt'}",
        "--authorization-mode=Node,RBAC",
        # Read again when it changes: a test may have the server know people by an issuer of its own.
        f"--authentication-config={HOME / AUTHENTICATION}",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--service-account-key-file={PKI / 'sa.pub'}",
        f"--service-account-signing-key-file={PKI / 'sa.key'}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        # For exec, logs and port-forward: the node's name is known to nobody.
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-client-certificate={PKI / 'admin.crt'}",
        f"--kubelet-client-key={PKI / 'admin.key'}",
        f"--kubelet-certificate-authority={PKI / 'ca.crt'}",
    )


def controllers(program: str) -> tuple[str, ...]:
    """Garbage collection, Deployments, Jobs, service accounts, certificates and the rest."""
    return (
        program,
        f"--kubeconfig={HOME / 'controllers.kubeconfig'}",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={PKI / 'sa.key'}",
        f"--root-ca-file={PKI / 'ca.crt'}",
        "--allocate-node-cidrs",
        f"--cluster-cidr={PODS}",
        f"--cluster-signing-cert-file={PKI / 'ca.crt'}",
        f"--cluster-signing-key-file={PKI / 'ca.key'}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
    )


def scheduler(program: str) -> tuple[str, ...]:
    """The scheduler."""
    return (
        program,
        f"--kubeconfig={HOME / 'scheduler.kubeconfig'}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
    )


def containerd() -> tuple[str, ...]:
    """The container runtime, on its own socket and folders."""
    return ("containerd", "--config", str(HOME / "containerd.toml"))


def kubelet(program: str) -> tuple[str, ...]:
    """The node."""
    return (
        program,
        f"--config={HOME / 'kubelet.yaml'}",
        f"--kubeconfig={HOME / 'node.kubeconfig'}",
        f"--hostname-override={NODE}",
        f"--node-ip={NODE_ADDRESS}",
        f"--root-dir={HOME / 'kubelet'}",
    )


def proxy(program: str) -> tuple[str, ...]:
    """Services' addresses, as nftables rules of this network namespace."""
    return (
        program,
        f"--kubeconfig={HOME / 'proxy.kubeconfig'}",
        "--proxy-mode=nftables",
        f"--cluster-cidr={PODS}",
        f"--hostname-override={NODE}",
        # Its limits are the whole machine's.
        "--conntrack-max-per-core=0",
    )


def dns(program: str) -> tuple[str, ...]:
    """Names of Services and pods."""
    return (program, "-conf", str(HOME / "Corefile"))


def files() -> dict[str, str]:
    """Configuration files by name, to be written into the cluster's folder."""
    return {
        AUTHENTICATION: authentication(),
        "containerd.toml": _containerd_toml(),
        "cni/10-pods.conflist": json.dumps(_pod_network()),
        "kubelet.yaml": yaml.safe_dump(_kubelet()),
        "Corefile": _corefile(),
        "resolv.conf": "",  # pods that ask for the node's resolver get none: there is no network outside
    }


def authentication(issuer: str = "", authority: str = "", audience: str = "") -> str:
    """How the API server knows people: by tokens of this issuer, with their mail address and groups; "": not at all."""
    claims = {"username": {"claim": "email", "prefix": ""}, "groups": {"claim": "groups", "prefix": ""}}
    own = {"url": issuer, "certificateAuthority": authority, "audiences": [audience]}
    value = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "jwt": [{"issuer": own, "claimMappings": claims}] if issuer else [],
    }
    return yaml.safe_dump(value)


def _containerd_toml() -> str:
    return f"""version = 2
root = "{HOME / "containerd"}"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.btrfs", "io.containerd.snapshotter.v1.btrfs"]
[grpc]
  address = "{CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "{PAUSE_IMAGE}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{HOME / "cni"}"
"""


def _pod_network() -> dict[str, object]:
    addresses = {"type": "host-local", "ranges": [[{"subnet": NODE_PODS}]], "routes": [{"dst": "0.0.0.0/0"}]}
    bridge = {"type": "bridge", "bridge": "pods0", "isGateway": True, "hairpinMode": True, "ipam": addresses}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, ports]}


def _kubelet() -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [],
        "oomScoreAdj": 0,
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "protectKernelDefaults": False,
        "address": NODE_ADDRESS,
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "authentication": {
            "anonymous": {"enabled": False},
            "x509": {"clientCAFile": str(PKI / "ca.crt")},
            "webhook": {"enabled": True},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(PKI / "node.crt"),
        "tlsPrivateKeyFile": str(PKI / "node.key"),
        "clusterDNS": [NODE_ADDRESS],
        "clusterDomain": "cluster.local",
        "resolvConf": str(HOME / "resolv.conf"),
        # Images are imported before the node starts; none may be collected, none can be pulled.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi"},
        "shutdownGracePeriod": "0s",
        "maxPods": 200,
    }


def _corefile() -> str:
    return f""".:53 {{
  bind {NODE_ADDRESS}
  errors
  kubernetes cluster.local in-addr.arpa {{
    kubeconfig {HOME / "dns.kubeconfig"} test
  }}
}}
"""
