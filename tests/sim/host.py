"""Facts of an imaginary machine, for pure stages."""

from rayfence.model.host import HeadPorts, HostFacts, NodePorts, Places, Ports


def sim_host(nodes: int = 2) -> HostFacts:
    """A Linux machine where everything can be had; `dataclasses.replace` takes things away."""
    return HostFacts(
        system="linux",
        uid=0,
        user="ada",
        cpus=4,
        memory_bytes=8 << 30,
        python="/opt/rayfence/bin/python",
        ray_version="2.60.0",
        envoy_path="/opt/envoy",
        envoy_version="1.40.0",
        watchers=12,
        ray_uid=61500,
        namespaces=True,
        walls_reason="",
        expose=("/opt/rayfence",),
        hide=("/state/t", "/heads/t", "/run/rayfence/0.g"),
        places=Places("/state/t", "/heads/t", "/run/rayfence/0.g", "/run/rayfence/0.r"),
        ports=Ports(
            gateway=9443,
            ray_client=9444,
            head=HeadPorts(9001, 9002, 9003, 9004, 9005, 8000),
            nodes=tuple(_node(10_000 + 1000 * index) for index in range(nodes)),
        ),
    )


def _node(first: int) -> NodePorts:
    return NodePorts(first, first + 1, first + 2, first + 3, first + 4, first + 5, first + 100, first + 199)
