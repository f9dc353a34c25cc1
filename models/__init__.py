"""Database tables, status enums with their transition tables, and database access."""
