"""Finds the characters of a text and all the words that refer to each of them."""
