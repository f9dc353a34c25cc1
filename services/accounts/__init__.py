"""Accounts of pooled providers: creating, updating, deleting and checking them."""
