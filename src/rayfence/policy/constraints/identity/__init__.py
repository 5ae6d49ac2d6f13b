"""Criteria on identities: service accounts, members of policies."""
