"""Attacks from pods: what a neighbour reaches, and whether anything keeps it from doing so."""
