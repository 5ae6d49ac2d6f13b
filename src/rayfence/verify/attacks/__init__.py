"""Attacks other than hostile tokens, by what they aim at."""
