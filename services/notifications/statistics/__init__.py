"""Statistics of generations, kept as aggregates so that a query over a million of them reads few rows."""
