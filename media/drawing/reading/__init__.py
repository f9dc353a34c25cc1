"""Reads from the text of an order what to draw."""
