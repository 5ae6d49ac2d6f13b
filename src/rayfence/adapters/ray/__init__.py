"""The installed Ray: its version, and one node of it on loopback."""
