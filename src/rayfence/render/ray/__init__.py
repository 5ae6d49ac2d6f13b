"""How Ray itself is told to be safe, whatever the target."""
