"""The gateway as a client sees it."""

from rayfence.adapters.gateway.client import GatewayClient, Json, Server, status_of

__all__ = ["GatewayClient", "Json", "Server", "status_of"]
