"""A receiver of callbacks on loopback that does as it is told, and deliveries for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from models.callbacks import CallbackDelivery, CallbackTry
from models.database import execute, now_ms, now_ms_sql
from models.enums import DeliveryStatus
from services.notifications.callbacks.addresses import receiver_of
from settings import Settings
from tests.changed_settings import change_settings
from tests.factories import OWNER

HANG = "hang"
RESET = "reset"
REDIRECT = "redirect"
URL = "https://studio.example/hooks"


@dataclass(frozen=True)
class Received:
    """One request as it came in; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers with what `says` holds, in order, and with 200 afterwards: a status, or one of the words above."""

    port: int = 0
    says: list[int | str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    before_answer: Callable[[], Any] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        says = self.says.pop(0) if self.says else 200
        self.received.append(Received(head[0].split(" ")[1], headers, body))
        if self.before_answer is not None:
            await self.before_answer()
        if says == HANG:
            self.hanging.set()
            await reader.read()  # until the other side gives up
        elif says == RESET:
            writer.transport.abort()
        elif says == REDIRECT:
            writer.write(f"HTTP/1.1 302 Found\r\nLocation: {self.url}/other\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            writer.write(f"HTTP/1.1 {says} Word\r\nContent-Length: 2\r\n\r\nok".encode())
        with contextlib.suppress(ConnectionError):
            await writer.drain()


@contextlib.asynccontextmanager
async def receiving(*says: int | str) -> AsyncIterator[Receiver]:
    receiver = Receiver(says=list(says))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


def allow_loopback(**values: Any) -> Settings:
    """Settings under which callbacks may go to receivers of tests."""
    allowed = {"allow_http_callbacks": True, "allowed_private_hosts": ("127.0.0.1",), "port": 8123}
    return change_settings(**{**allowed, **values})


async def make_delivery(url: str = URL, owner: str = OWNER, **values: Any) -> CallbackDelivery:
    """One that is due now."""
    return await CallbackDelivery.create(
        **{
            "owner": owner,
            "event": "record_succeeded",
            "url": url,
            "receiver": receiver_of(url),
            "subject": "record",
            "subject_id": 1,
            "body": {"type": "record_succeeded"},
            "due_at_ms": await now_ms(),
            **values,
        }
    )


async def prove(url: str, owner: str = OWNER) -> None:
    """The receiver has taken a callback of the owner before."""
    await make_delivery(url, owner, status=DeliveryStatus.DELIVERED, due_at_ms=None)


async def make_due() -> None:
    """Whatever waits, or is leased, is due now."""
    await execute(f"UPDATE callback_delivery SET due_at_ms = {now_ms_sql()} WHERE status = 'PENDING' RETURNING id")


async def tries_of(delivery: CallbackDelivery) -> list[tuple[int, int | None, str | None]]:
    rows = await CallbackTry.filter(delivery_id=delivery.id).order_by("number")
    return [(row.number, row.status_code, row.error) for row in rows]
