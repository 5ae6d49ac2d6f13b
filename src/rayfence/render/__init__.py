"""Resolution to objects and configuration. Pure; the order of everything returned is stable."""
