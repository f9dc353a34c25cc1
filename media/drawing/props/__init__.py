"""Props: recognising their kinds in words, and drawing them."""
