"""Things: what kind of object words name, and how each is drawn."""
