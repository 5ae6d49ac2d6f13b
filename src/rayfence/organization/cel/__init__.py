"""Conditions in the Common Expression Language, run by cel-python. Import `engine` only when there is one to run."""
