"""Make the folder of a new site: what is in it, and how it gets to its place."""
