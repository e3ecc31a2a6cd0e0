"""
Work on archives that are too large for one machine, or that lie elsewhere: on Daft, here or on a Ray cluster.

The same portions are shared out as by `jobs`, with the same results in the same order.
"""
