"""Proof: what a running instance shows when it is looked at and attacked."""
