"""One client per outside service behind small protocols; none of them knows the database."""
