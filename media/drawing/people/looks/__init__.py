"""Derives a character's look from its words, one rule for each feature."""
