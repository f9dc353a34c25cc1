"""Animals as characters: their kinds, and how their heads, fur and tails are drawn."""
