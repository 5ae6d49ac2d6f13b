"""Where everything of a local instance lies. The only place that knows file names.

Four folders (`model.host.Places`): `state` and `heads` on disk, `runtime` for sockets, `ray` for what Ray's account
owns. Ray's folder is never inside the gateway's: its account could not reach it there, and must not.
"""

from rayfence.model.frozen import dataclass
from rayfence.model.host import Places


@dataclass(frozen=True, slots=True)
class Layout:
    """Absolute paths, derived from the places."""

    places: Places

    @property
    def spec(self) -> str:
        """The spec as applied last."""
        return f"{self.places.state}/platform.yaml"

    @property
    def instance(self) -> str:
        """Ports, uid and places chosen for this instance (JSON)."""
        return f"{self.places.state}/instance.json"

    @property
    def settings(self) -> str:
        """`GatewaySettings`, read by the gateway service."""
        return f"{self.places.state}/gateway.json"

    @property
    def processes(self) -> str:
        """Process specs, read by the keeper."""
        return f"{self.places.state}/processes.json"

    @property
    def envoy(self) -> str:
        """Envoy's watched folder."""
        return f"{self.places.state}/envoy"

    @property
    def secrets(self) -> str:
        """Secrets of the gateway."""
        return f"{self.places.state}/secrets"

    @property
    def certificates(self) -> str:
        """The gateway's leaves and both authorities."""
        return f"{self.places.state}/certificates"

    @property
    def logs(self) -> str:
        """Logs of the supervised processes."""
        return f"{self.places.state}/logs"

    @property
    def trail(self) -> str:
        """The trail's segments."""
        return f"{self.places.state}/trail"

    @property
    def ray_token(self) -> str:
        """The gateway's copy of Ray's token."""
        return f"{self.secrets}/ray-token"

    @property
    def ray_token_sds(self) -> str:
        """The same token in the form Envoy watches."""
        return f"{self.envoy}/ray-token.yaml"

    @property
    def ray_token_of_ray(self) -> str:
        """Ray's own copy."""
        return f"{self.places.ray}/token"

    @property
    def front_ca(self) -> str:
        """Certificate of the authority that people's clients trust."""
        return f"{self.certificates}/front/ca.pem"

    @property
    def node_ca(self) -> str:
        """Certificate of the authority of Ray's nodes; the gateway's copy."""
        return f"{self.certificates}/node/ca.pem"

    @property
    def node_ca_of_ray(self) -> str:
        """Ray's own copy."""
        return f"{self.places.ray}/ca.pem"

    def log(self, process: str) -> str:
        """Log file of one process."""
        return f"{self.logs}/{process}.log"

    def node_certificate(self, node: str) -> str:
        """Leaf of a Ray node, owned by Ray's account."""
        return f"{self.places.ray}/{node}.crt"

    def node_key(self, node: str) -> str:
        """Private key of a Ray node."""
        return f"{self.places.ray}/{node}.key"
