"""Which addresses callbacks may go to: https, with a host on the public internet and nothing secret in them.

An address is looked at when it is given, and its host's addresses are looked up then; the call itself looks them up
again and connects to the very address that it checked (`providers/guard.py`).
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
from services.platform.links import MAX_URL_CHARACTERS, check_url
from settings import Settings, get_settings

MAX_RECEIVER_CHARACTERS = 255
DEFAULT_PORTS = {"https": 443, "http": 80}


def parse_address(url: str, settings: Settings) -> httpx.URL:
    """The address, as far as it can be judged without a look-up. Raises LinkRefusedError with a finished sentence."""
    if len(url) > MAX_URL_CHARACTERS:
        raise LinkRefusedError(f"A callback address has at most {MAX_URL_CHARACTERS} characters.")
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise LinkRefusedError("It is not a web address.") from None
    if parsed.scheme != "https" and not (parsed.scheme == "http" and settings.allow_http_callbacks):
        raise LinkRefusedError("A callback address begins with https://.")
    check_url(parsed)
    return parsed


def host_of(url: httpx.URL) -> str:
    """As the connection will look it up: names in other scripts in their ASCII form."""
    return url.raw_host.decode("ascii")


def port_of(url: httpx.URL) -> int:
    return url.port or DEFAULT_PORTS[url.scheme]


def receiver_of(url: str) -> str:
    """host:port of an address, at most 255 characters: what hangs, or is called too often, is a receiver. Empty for
    what is no web address.
    """
    try:
        parsed = httpx.URL(url)
        return f"{host_of(parsed).rstrip('.')}:{port_of(parsed)}"[:MAX_RECEIVER_CHARACTERS]
    except (httpx.InvalidURL, KeyError):
        return ""


async def check_callback_url(url: str | None, *path: str, resolver: Resolve = resolve) -> None:
    """Nothing for an address that callbacks may go to, or None. Looks its host up: not inside a transaction.

    Raises BadInputError with the path, or input.callbackUrl where none is given. An address that cannot be looked up
    at the moment is refused, too, and the sentence says that it may be accepted later.
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
        return "The callback address's host cannot be looked up at the moment; try again."
    if isinstance(error, HostNotFoundError):
        return "The callback address's host cannot be found."
    return f"Callbacks cannot be sent there. {error}"


async def check_alert_webhook(settings: Settings, resolver: Resolve = resolve) -> None:
    """For the start: ConfigurationError where the deployment's alerts could not be sent, or not be signed. A host that
    cannot be found at the moment stops no start: each try looks it up.
    """
    url, secret = settings.alert_webhook_url, settings.alert_webhook_secret
    if url is None:
        return
    if secret is None:
        raise ConfigurationError("EKONTE_ALERT_WEBHOOK_SECRET: must be set where EKONTE_ALERT_WEBHOOK_URL is.")
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
