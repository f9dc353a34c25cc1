"""Generation records: what people do with them, and how results come to stand in them."""
