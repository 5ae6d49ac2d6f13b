"""Validating admission policies: what a tenant may never run."""
