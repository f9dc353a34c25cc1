"""Callbacks: the outbox, its secrets, and what sends it."""
