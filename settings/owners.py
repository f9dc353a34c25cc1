"""Limits of one owner."""

from pydantic_settings import BaseSettings


class OwnerSettings(BaseSettings):
    """Part of Settings."""
