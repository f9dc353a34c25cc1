"""Serves the metrics in Prometheus text format, on a listener of its own where EKONTE_METRICS_PORT is set."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from errors import ConfigurationError
from services.platform.metrics.recording import metrics
from services.worker.metrics_state import refresh
from settings import Settings

log = structlog.get_logger(__name__)

PATH = "/metrics"
HEADERS = {"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"}

_Message = MutableMapping[str, Any]


async def exposition() -> bytes:
    """All metrics of this process in Prometheus text format, with the database gauges refreshed."""
    await refresh()
    return generate_latest(metrics().registry)


async def answer_only_metrics(
    scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Callable[[_Message], Awaitable[None]]
) -> None:
    """An ASGI application that answers GET and HEAD of /metrics, and 404 to everything else."""
    if scope["type"] != "http":
        return
    is_metrics = scope["path"] == PATH and scope["method"] in ("GET", "HEAD")
    body = await exposition() if is_metrics else b""
    headers = HEADERS if is_metrics else {}
    await send(
        {
            "type": "http.response.start",
            "status": 200 if is_metrics else 404,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class _Listener(uvicorn.Server):
    """Runs inside another server or worker process, which handles the signals."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


@contextlib.asynccontextmanager
async def serving_metrics(settings: Settings, *, is_needed: bool) -> AsyncIterator[None]:
    """Listens on EKONTE_HOST and EKONTE_METRICS_PORT while the context is open; does nothing where no port is set.

    A port that cannot be bound raises ConfigurationError where is_needed, else it is only logged: of several worker
    processes on one machine, only one can bind the port.
    """
    if settings.metrics_port is None:
        yield
        return
    try:
        listening = _bind(settings.host, settings.metrics_port)
    except OSError as error:
        reason = error.strerror or "it cannot be used"
        if is_needed:
            raise ConfigurationError(
                f"EKONTE_METRICS_PORT: cannot listen on {settings.host} port {settings.metrics_port}: {reason}."
            ) from None
        log.warning("metrics.listen_failed", port=settings.metrics_port, reason=reason)
        yield
        return
    config = uvicorn.Config(
        answer_only_metrics,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = _Listener(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    log.info("metrics.served", port=settings.metrics_port)
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait([task])
        listening.close()


def _bind(host: str, port: int) -> socket.socket:
    """Returns a listening socket. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(64)
    except OSError:
        listening.close()
        raise
    listening.set_inheritable(False)
    return listening
