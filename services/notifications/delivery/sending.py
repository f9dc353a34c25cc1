"""One try of a callback: a guarded POST request and its result."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from providers.guard import GuardedTransport, LinkRefusedError, Resolve, resolve
from providers.retry_after import retry_after_seconds
from services.notifications.callbacks.addresses import parse_address
from settings import Settings

CALL_SECONDS = 15.0
"From resolving the host to receiving the response status."

GONE = 410


@dataclass(frozen=True)
class SendResult:
    """The response status, or an error sentence if there was no response. The sentence never contains the URL.
    retry_after_seconds: how long the receiver asks to wait (at most half an hour), if it does.
    """

    status_code: int | None
    error: str | None = None
    retry_after_seconds: float | None = None

    @property
    def is_success(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300

    @property
    def is_final(self) -> bool:
        """The receiver wants no more callbacks: Standard Webhooks uses 410 Gone for that."""
        return self.status_code == GONE


def open_client(
    *, allowed_private_hosts: Collection[str], max_connections: int, resolver: Resolve = resolve
) -> httpx.AsyncClient:
    """A client that connects only to public addresses and the listed hosts, follows no redirects and uses no proxy."""
    transport = GuardedTransport(
        allowed_private_hosts=allowed_private_hosts, max_connections=max_connections, resolver=resolver
    )
    return httpx.AsyncClient(transport=transport, trust_env=False, timeout=CALL_SECONDS)


async def send(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes, settings: Settings
) -> SendResult:
    """Posts the body. Returns connection and protocol errors as a result instead of raising them. Does not read the
    response body.
    """
    try:
        parsed = parse_address(url, settings)
        async with (
            asyncio.timeout(CALL_SECONDS),
            client.stream("POST", parsed, headers=_all_headers(headers), content=body) as response,
        ):
            wait_seconds = retry_after_seconds(response.headers, datetime.now(UTC))
            return SendResult(response.status_code, _sentence(response.status_code), wait_seconds)
    except LinkRefusedError as error:
        return SendResult(None, str(error))
    except (TimeoutError, httpx.TimeoutException):
        return SendResult(None, f"No response within {CALL_SECONDS:.0f} seconds.")
    except httpx.ConnectError as error:
        if isinstance(error.__cause__, LinkRefusedError):
            return SendResult(None, str(error.__cause__))
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return SendResult(None, "The receiver's certificate is not valid for its host name.")
        return SendResult(None, "Could not connect to the receiver.")
    except httpx.TransportError:
        return SendResult(None, "The connection closed before a response, or the response was not HTTP.")


def _all_headers(headers: Mapping[str, str]) -> dict[str, str]:
    # One connection per request, so that the host is resolved and checked each time.
    return {
        "content-type": "application/json",
        "user-agent": "Ekonte",
        "accept-encoding": "identity",
        "connection": "close",
        **headers,
    }


def _sentence(status_code: int) -> str | None:
    if 300 <= status_code < 400:
        return "The receiver redirects; callbacks do not follow redirects."
    return "The receiver wants no more callbacks (410 Gone)." if status_code == GONE else None
