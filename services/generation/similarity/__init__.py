"""Reuse of results of similar prompts: the similarity of two prompts, and the index to find similar ones."""
