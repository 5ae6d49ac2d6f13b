"""The gateway of a tenant, in a namespace of its own."""
