"""The file formats in which an organisation's policies come, each turned into raw policies."""
