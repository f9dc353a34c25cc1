"""Statistics: what generations came to, kept as sums so that a million of them are read at once."""
