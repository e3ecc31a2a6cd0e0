"""A real local vendor on loopback, strict where the vendor's documents are, with faults on demand."""
