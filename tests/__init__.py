"""Proof; the same tree as translator/."""
