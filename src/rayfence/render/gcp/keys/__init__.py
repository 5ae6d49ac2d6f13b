"""Customer-managed keys: ring, key, and the grants that come before every user of the key."""

from rayfence.render.gcp.keys.grants import grant_resources
from rayfence.render.gcp.keys.key import key_resources

__all__ = ["grant_resources", "key_resources"]
