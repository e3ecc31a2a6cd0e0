"""What the bytes say: bytes become the canonical record, whatever wire form they had."""
