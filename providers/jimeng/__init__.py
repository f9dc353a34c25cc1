"""The client for Jimeng and Dreamina: a provider whose work is done on accounts of a pool."""

from providers.jimeng.client import JimengProvider

__all__ = ["JimengProvider"]
