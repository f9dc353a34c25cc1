"""The build graph: which artifacts a stage needs, which of them are current, and how the others are built."""
