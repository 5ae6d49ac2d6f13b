"""Envoy's configuration from the catalogue and the settings."""
