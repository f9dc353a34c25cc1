"""What callers may see: every query of the API, bound to its owner, paged and batched."""
