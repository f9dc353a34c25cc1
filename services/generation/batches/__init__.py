"""Batches: admitting, following, steering and ending many generations that were asked for together."""
