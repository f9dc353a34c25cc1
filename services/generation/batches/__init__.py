"""Batches of generations: admission, estimates, pausing, canceling, retries and end states."""
