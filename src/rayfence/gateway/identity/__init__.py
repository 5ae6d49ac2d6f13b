"""Who may log in: local accounts, password hashes, lock-out."""
