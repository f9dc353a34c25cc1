"""Rules of addresses in settings."""

from urllib.parse import SplitResult


def has_usable_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False
