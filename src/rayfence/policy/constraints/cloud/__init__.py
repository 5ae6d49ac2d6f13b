"""Criteria on Google Cloud as a whole: places, keys, services."""
