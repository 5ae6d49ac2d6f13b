"""An organisation's policies: their formats, how they are inherited, and what they demand of one project."""
