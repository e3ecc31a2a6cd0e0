"""Say what an archive holds, what the tables make of it, and what nobody reads (pure)."""
