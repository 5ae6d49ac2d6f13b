"""Proof on a cluster: what was applied is there, refuses what it must, and keeps neighbours out."""
