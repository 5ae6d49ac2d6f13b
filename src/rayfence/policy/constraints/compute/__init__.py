"""Criteria on Compute Engine: machines, their metadata, networks, load balancers."""
