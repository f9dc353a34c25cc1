"""The build graph: what a stage should have, what of it is current, and the making of the rest."""
