"""The stores, the only writers of the shared tables: one store per table, whose named statements take plain values."""
