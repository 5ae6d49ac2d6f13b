"""Measurements: ratios of one run on one machine. See `make bench`."""
