"""Frozen values shared by the stages. No module here imports another room."""
