"""Generation records: publishing results in them, and the operations that users perform on them."""
