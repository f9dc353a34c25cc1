"""Settings that a test changes; tests/conftest.py puts back what was there before."""

from typing import Any

from settings import Settings, get_settings, use_settings


def change_settings(**values: Any) -> Settings:
    """The present settings with these values instead, for the rest of the test; they are not checked again."""
    changed = get_settings().model_copy(update=values)
    use_settings(changed)
    return changed
