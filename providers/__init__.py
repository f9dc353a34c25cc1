"""Clients for external services behind small protocols, without access to the database."""
