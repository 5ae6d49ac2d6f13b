"""Verbs on a platform in a cluster: `status`, `logs`, sessions, `exec`, `trail`. Their local namesakes: one room up."""
