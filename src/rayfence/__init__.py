"""Ray made safe for enterprises.

See `docs/architecture.md` for the rooms; nothing is imported here, so start-up stays fast.
"""

__version__ = "0.1.0"
