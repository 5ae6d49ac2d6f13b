"""The only rooms that touch the world. Each is a stranger to the others; `api` puts them together."""
