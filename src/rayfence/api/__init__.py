"""Use cases, one file each: the composition root. Only here are adapters constructed."""
