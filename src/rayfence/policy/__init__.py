"""Every setting of a platform decided, each with value, reason and source."""
