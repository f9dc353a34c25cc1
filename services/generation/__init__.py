"""Generation: what was asked for, the steps of an attempt between submit and file, and what comes of each."""
