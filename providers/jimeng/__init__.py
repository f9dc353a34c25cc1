"""The client for Jimeng and Dreamina: a provider with a pool of accounts."""

from providers.jimeng.client import JimengProvider

__all__ = ["JimengProvider"]
