"""This version of the project; a test checks that pyproject.toml has the same."""

VERSION = "0.1.0"
