"""Sending the deliveries of the outbox: whose turn it is, claims, tries and what follows a failure."""
