"""People: their looks, derived from words, and drawing them."""
