"""Walls around processes and the keeper that runs them. Import the modules: the keeper must stay small."""
