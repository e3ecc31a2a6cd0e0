"""How bytes come in: what is acknowledged here is on disk."""
