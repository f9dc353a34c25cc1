"""The only writers of the shared tables: one store per table, with named statements of plain values."""
