"""Pictures, sound and film as functions over files."""
