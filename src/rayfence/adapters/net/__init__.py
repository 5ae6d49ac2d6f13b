"""Sockets: what listens, which ports are free, what answers. Import the modules: the prober must stay small."""
