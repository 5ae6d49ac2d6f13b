"""How far live objects are: by their own status, their events and their pods."""
