"""Limits of connections, and what browsers may send."""

from pydantic_settings import BaseSettings


class ConnectionSettings(BaseSettings):
    """Part of Settings."""
