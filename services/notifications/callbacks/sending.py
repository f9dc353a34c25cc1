"""One try of a callback: one POST over the address guard, and what came of it in a status or a sentence."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import httpx

from providers.guard import GuardedTransport, LinkRefusedError, Resolve, resolve
from services.notifications.callbacks.addresses import parse_address
from settings import Settings

CALL_SECONDS = 15.0
"From the look-up of the host to the status of the answer."

GONE = 410


@dataclass(frozen=True)
class Answer:
    """The status that came, or a sentence that says why none did; it names no address."""

    status_code: int | None
    error: str | None = None

    @property
    def is_success(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300

    @property
    def is_final(self) -> bool:
        """The receiver wants nothing more: Standard Webhooks has 410 Gone for that."""
        return self.status_code == GONE


def open_client(
    *, allowed_private_hosts: Collection[str], max_connections: int, resolver: Resolve = resolve
) -> httpx.AsyncClient:
    """A client that connects to public addresses and listed hosts only, follows no redirect and knows no proxy."""
    transport = GuardedTransport(
        allowed_private_hosts=allowed_private_hosts, max_connections=max_connections, resolver=resolver
    )
    return httpx.AsyncClient(transport=transport, trust_env=False, timeout=CALL_SECONDS)


async def send(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes, settings: Settings
) -> Answer:
    """Posts the body. Raises nothing of the other side's; the answer's own body is not read."""
    try:
        parsed = parse_address(url, settings)
        async with (
            asyncio.timeout(CALL_SECONDS),
            client.stream("POST", parsed, headers=_all(headers), content=body) as answer,
        ):
            return Answer(answer.status_code, _sentence(answer.status_code))
    except LinkRefusedError as error:
        return Answer(None, str(error))
    except (TimeoutError, httpx.TimeoutException):
        return Answer(None, f"There was no answer within {CALL_SECONDS:.0f} seconds.")
    except httpx.ConnectError as error:
        if isinstance(error.__cause__, LinkRefusedError):
            return Answer(None, str(error.__cause__))
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Answer(None, "The receiver's certificate is not valid for its name.")
        return Answer(None, "The receiver could not be connected to.")
    except httpx.TransportError:
        return Answer(None, "The connection ended before there was an answer, or the answer was no HTTP.")


def _all(headers: Mapping[str, str]) -> dict[str, str]:
    # A connection for each call, so that the host is looked up and checked for each.
    return {
        "content-type": "application/json",
        "user-agent": "Ekonte",
        "accept-encoding": "identity",
        "connection": "close",
        **headers,
    }


def _sentence(status_code: int) -> str | None:
    if 300 <= status_code < 400:
        return "The receiver redirects; callbacks follow no redirects."
    return "The receiver wants no more of them (410 Gone)." if status_code == GONE else None
