"""The one shape that everything becomes: reports on the way in, outcomes on the way out."""
