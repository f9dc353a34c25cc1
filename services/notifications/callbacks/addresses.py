"""The rules for callback URLs: https, a host on the public internet, and no secrets in the URL.

A URL is checked, and its host resolved, when it is submitted; each delivery resolves the host again and connects to
exactly the address that it checked (`providers/guard.py`).
"""

import httpx

from errors import BadInputError, ConfigurationError
from providers.guard import (
    HostNotFoundError,
    LinkRefusedError,
    NameServiceUnavailableError,
    Resolve,
    checked_addresses,
    resolve,
)
from services.notifications.callbacks.signing import key_of
from services.platform.links import MAX_URL_CHARACTERS, check_url, parse_url
from settings import Settings, get_settings

MAX_RECEIVER_CHARACTERS = 255
DEFAULT_PORTS = {"https": 443, "http": 80}


def parse_address(url: str, settings: Settings) -> httpx.URL:
    """Parses and checks the URL without resolving its host. Raises LinkRefusedError with a complete sentence."""
    if len(url) > MAX_URL_CHARACTERS:
        raise LinkRefusedError(f"A callback URL may have at most {MAX_URL_CHARACTERS} characters.")
    try:
        parsed = parse_url(url)
    except httpx.InvalidURL:
        raise LinkRefusedError("It is not a web address.") from None
    if parsed.scheme != "https" and not (parsed.scheme == "http" and settings.allow_http_callbacks):
        raise LinkRefusedError("A callback URL must begin with https://.")
    check_url(parsed)
    return parsed


def host_of(url: httpx.URL) -> str:
    """The host as the connection resolves it: internationalised names in their ASCII form."""
    return url.raw_host.decode("ascii")


def port_of(url: httpx.URL) -> int:
    return url.port or DEFAULT_PORTS[url.scheme]


def receiver_of(url: str) -> str:
    """host:port of a URL, cut to 255 characters; the unit by which deliveries are limited. Empty for an invalid URL."""
    try:
        parsed = parse_url(url)
        return f"{host_of(parsed).rstrip('.')}:{port_of(parsed)}"[:MAX_RECEIVER_CHARACTERS]
    except (httpx.InvalidURL, KeyError):
        return ""


async def check_callback_url(url: str | None, *path: str, resolver: Resolve = resolve) -> None:
    """Checks a callback URL; None passes. Resolves its host, so do not call it inside a transaction.

    Raises BadInputError with the path (default: input.callbackUrl) if callbacks may not be sent there. A host that
    cannot be resolved at the moment is refused with a message that says to try again.
    """
    if url is None:
        return
    settings = get_settings()
    try:
        parsed = parse_address(url, settings)
        await checked_addresses(
            host_of(parsed), port_of(parsed), allowed_private_hosts=settings.allowed_private_hosts, resolver=resolver
        )
    except LinkRefusedError as error:
        raise BadInputError(_sentence(error), path=path or ("input", "callbackUrl")) from None


def _sentence(error: LinkRefusedError) -> str:
    if isinstance(error, NameServiceUnavailableError):
        return "The host of the callback URL cannot be resolved at the moment; try again."
    return f"Callbacks cannot be sent there. {error}"


async def check_alert_webhook(settings: Settings, resolver: Resolve = resolve) -> None:
    """Checks the alert webhook at startup. Raises ConfigurationError if alerts could not be sent or signed. A host that
    cannot be resolved at the moment is accepted, since each delivery resolves it again.
    """
    url, secret = settings.alert_webhook_url, settings.alert_webhook_secret
    if url is None:
        return
    if secret is None:
        raise ConfigurationError("EKONTE_ALERT_WEBHOOK_SECRET: must be set if EKONTE_ALERT_WEBHOOK_URL is set.")
    try:
        key_of(secret.get_secret_value())
    except ValueError as error:
        raise ConfigurationError(f"EKONTE_ALERT_WEBHOOK_SECRET: {error}.") from None
    try:
        parsed = parse_address(url, settings)
        await checked_addresses(
            host_of(parsed), port_of(parsed), allowed_private_hosts=settings.allowed_private_hosts, resolver=resolver
        )
    except HostNotFoundError:
        return
    except LinkRefusedError as error:
        raise ConfigurationError(f"EKONTE_ALERT_WEBHOOK_URL: {error}") from None
