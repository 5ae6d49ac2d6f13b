"""Nodes: which machines, whether their memory is encrypted, and how each pool is hardened."""
