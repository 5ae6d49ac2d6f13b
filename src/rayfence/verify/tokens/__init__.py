"""Hostile tokens, by what is wrong with them."""

from rayfence.verify.tokens.algorithms import algorithm_attacks
from rayfence.verify.tokens.carriers import carrier_attacks
from rayfence.verify.tokens.claims import claim_attacks
from rayfence.verify.tokens.signatures import signature_attacks

__all__ = ["algorithm_attacks", "carrier_attacks", "claim_attacks", "signature_attacks"]
