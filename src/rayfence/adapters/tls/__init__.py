"""Certificate authorities, leaves and secrets as files."""
