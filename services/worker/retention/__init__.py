"""Retention: removes expired files, deleted rows and expired rows."""
