"""How a gateway is reached, and how metrics are collected."""
