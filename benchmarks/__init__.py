"""Measure how fast HL7 v2 becomes payloads, beside other readers and beside the least that any reader must do."""
