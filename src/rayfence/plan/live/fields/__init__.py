"""Fields of one live object: who owns them, which differ, and what they are for."""
