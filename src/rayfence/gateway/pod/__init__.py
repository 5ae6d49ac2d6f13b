"""The gateway service in a pod: mounted keys, what replicas share, identities of the cluster, probes, draining."""
