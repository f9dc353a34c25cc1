"""Accounts of pooled providers: adding, changing and removing them, and asking upstream about them."""
