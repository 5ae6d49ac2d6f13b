"""Who is who at Google's APIs, decided: accounts of nodes, identities of pods, and who may be bound at all."""
