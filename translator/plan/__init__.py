"""Compare what two sets of tables make of the same messages, and say which change of a table made the difference."""
