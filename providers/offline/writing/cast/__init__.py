"""The characters of a text, and all the words that it has for each of them."""
