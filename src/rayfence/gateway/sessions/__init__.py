"""Tokens, cookies, one-time codes, and what ends them early."""
