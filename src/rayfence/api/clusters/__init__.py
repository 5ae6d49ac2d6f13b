"""Verbs on a platform in a cluster: `status`, `logs`, sessions, `exec`, `trail`; their local namesakes are one room up."""
