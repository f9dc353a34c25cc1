"""People: what they look like by their words, and how they are drawn."""
