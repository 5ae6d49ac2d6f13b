"""The gateway as a client sees it."""

from rayfence.adapters.gateway.client import GatewayClient, Json, Server

__all__ = ["GatewayClient", "Json", "Server"]
