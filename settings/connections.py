"""Limits of connections, and what browsers may send."""

import ipaddress
import re
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

DEFAULT_HEADERS = (
    "apollo-require-preflight",
    "apollographql-client-*",
    "authorization",
    "baggage",
    "cache-control",
    "content-type",
    "graphql-require-preflight",
    "idempotency-key",
    "last-event-id",
    "range",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "x-apollo-operation-id",
    "x-apollo-operation-name",
    "x-graphql-event-stream-token",
    "x-request-id",
    "x-requested-with",
)
_HEADER = re.compile(r"[a-z0-9!#$%&'+.^_`|~-]+\*?")


class ConnectionSettings(BaseSettings):
    """Part of Settings."""

    allowed_headers: Annotated[tuple[str, ...], NoDecode] = Field(
        DEFAULT_HEADERS,
        description="Headers that pages of EKONTE_ALLOWED_ORIGINS may send, separated by commas; name* for all that "
        "begin so.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or networks of reverse proxies, separated by commas; their X-Forwarded-For tells the "
        "client's address.",
    )
    max_connections: int = Field(2000, ge=16, le=100_000, description="Open connections of one server process.")
    max_connections_per_address: int = Field(
        500, ge=1, le=100_000, description="Open connections of one IPv4 address or one /64 network of IPv6."
    )
    request_head_seconds: float = Field(
        10, ge=1, le=300, description="Time in which the head of a request must arrive."
    )
    request_body_seconds: float = Field(
        30, ge=1, le=3600, description="Time for the body of a request, and a second more for each 1,024 bytes of it."
    )
    keep_alive_seconds: int = Field(75, ge=1, le=3600, description="How long a connection without a request is kept.")
    stalled_seconds: float = Field(
        60, ge=1, le=3600, description="A client that reads nothing of its answer for this long is disconnected."
    )

    @field_validator("allowed_headers", "trusted_proxies", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("allowed_headers")
    @classmethod
    def _header_names(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(value.lower() for value in values)
        if not all(_HEADER.fullmatch(name) for name in names):
            raise ValueError("must be names of headers, such as traceparent or apollographql-client-*; * alone is none")
        return names

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            try:
                network = ipaddress.ip_network(value)
            except ValueError:
                raise ValueError("must be addresses or networks, such as 10.0.0.2 or 10.0.0.0/24") from None
            if network.prefixlen == 0:
                raise ValueError("must not be all addresses: anybody could claim to be anybody")
        return values
