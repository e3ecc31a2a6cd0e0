"""What people and programs see of a running service: the HTTP API, the console, and whether it works."""
