"""Limits of files that callers and other servers send."""

from pydantic_settings import BaseSettings


class ForeignFileSettings(BaseSettings):
    """Part of Settings."""
