"""The six stages: which rows each needs, which artifacts it produces, and how each kind is built."""
