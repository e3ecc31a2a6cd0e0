"""What the receiver wants to hear: record and tables become payloads and one entry per observation."""
