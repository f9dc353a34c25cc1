"""The six stages: which rows each needs, which artifacts it should have, and how each kind is made."""
