"""Limits of GraphQL documents and of their execution."""

from pydantic_settings import BaseSettings


class DocumentSettings(BaseSettings):
    """Part of Settings."""
