"""Rules of addresses in settings."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?")
_HOST_AND_PORT = re.compile(r"(?P<host>\[[^\[\]]+\]|[^:\[\]]+)(:(?P<port>\d{1,5}))?")


def has_usable_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def checked_origin(value: str) -> str:
    """An origin as browsers send it: in lower case, without a default port. Raises ValueError for anything else."""
    if "*" in value:
        raise ValueError(
            "must name each origin, such as https://studio.example; * is taken alone only, and not within one"
        )
    example = "must be origins such as https://studio.example or http://localhost:3000"
    try:
        parts = urlsplit(value)
    except ValueError:
        raise ValueError(example) from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.netloc:
        raise ValueError(example)
    if "@" in parts.netloc:
        raise ValueError(f"{example}, without user name and password")
    if parts.path.strip("/") or "?" in value or "#" in value:
        raise ValueError(f"{example}, without a path")
    host = checked_host(parts.netloc)
    port = f":{_DEFAULT_PORTS[parts.scheme]}"
    return f"{parts.scheme}://{host.removesuffix(port)}"


def checked_host(value: str) -> str:
    """`host` or `host:port` in lower case; IPv6 addresses in brackets. Raises ValueError for anything else."""
    example = "must be host names such as films.example or films.example:8443"
    if "://" in value:
        raise ValueError(f"{example}, without http:// or https://")
    match = _HOST_AND_PORT.fullmatch(value.lower())
    if match is None or not _is_host(match["host"]):
        raise ValueError(f"{example}; other characters, paths and wildcards are not taken (xn-- for other scripts)")
    if match["port"] is not None and not 1 <= int(match["port"]) <= 65_535:
        raise ValueError(f"{example}, with a port from 1 to 65535")
    return value.lower()


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            return ipaddress.ip_address(host.strip("[]")).version == 6
        except ValueError:
            return False
    return _NAME.fullmatch(host) is not None
