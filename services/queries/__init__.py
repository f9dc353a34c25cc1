"""The read side of the API: queries that are restricted to the owner, paged and batched."""
