"""The listening process: where it may listen, how it stops, what it tells a person on start."""

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from errors import ConfigurationError
from services.platform.file_links import own_address
from settings import Settings

# Open streams and uploads get this long to end after SIGTERM; closing what is behind them has the rest of ten seconds.
GRACE_SECONDS = 3


def check_exposure(settings: Settings) -> None:
    """Raises ConfigurationError where the settings would open a server that knows no tokens to others."""
    if settings.secret is not None or settings.jwks_url is not None:
        return
    if not _is_loopback(settings.host):
        raise ConfigurationError(
            f"EKONTE_HOST: listening on {settings.host} would let anybody in who reaches it, since no key for tokens "
            "is set. Set EKONTE_SECRET (at least 32 characters) or EKONTE_JWKS_URL, or listen on 127.0.0.1."
        )
    for name, values in (
        ("EKONTE_ALLOWED_HOSTS", settings.allowed_hosts),
        ("EKONTE_ALLOWED_ORIGINS", settings.allowed_origins),
    ):
        if "*" in values:
            raise ConfigurationError(
                f"{name}: * would let any web page use this server, since no key for tokens is set. "
                "Name what is allowed, or set EKONTE_SECRET or EKONTE_JWKS_URL."
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


class EkonteServer(uvicorn.Server):
    """Greets when it really listens, with everything behind it open, and ends open streams before it closes."""

    def __init__(self, config: uvicorn.Config, greeting: str, closing: asyncio.Event) -> None:
        super().__init__(config)
        self._greeting = greeting
        self._closing = closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing.set()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(self._greeting, flush=True)


def serve(settings: Settings, make_app: Callable[[Settings], Starlette]) -> int:
    """Takes the address, makes the application and serves it; returns the exit code. The settings that make_app is
    given name the port that was taken.

    Raises ConfigurationError where the address cannot be listened on, or what is behind the application refuses.
    """
    check_exposure(settings)
    listening = _bind(settings.host, settings.port)
    settings = settings.model_copy(update={"port": listening.getsockname()[1]})
    app = make_app(settings)
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_max_size=settings.max_json_bytes,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
    )
    server = EkonteServer(config, greeting(settings), app.state.closing)
    # uvicorn raises the signal once more when it has shut down; the process then ends by itself, with code 0.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    # A refused start is told in one sentence, not in a traceback and that sentence.
    logging.getLogger("uvicorn.error").addFilter(lambda _: getattr(app.state, "refused_start", None) is None)
    with contextlib.closing(listening), contextlib.suppress(KeyboardInterrupt, SystemExit):
        server.run(sockets=[listening])
    refused: ConfigurationError | None = getattr(app.state, "refused_start", None)
    if refused is not None:
        raise refused
    return 0 if server.started else 1


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise ConfigurationError(f"EKONTE_HOST: {host} is no address that can be listened on.") from None
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        # From here on the address is ours; who connects before all is open waits for it.
        listening.listen(2048)
    except OSError as error:
        listening.close()
        reason = error.strerror or "it cannot be used"
        raise ConfigurationError(
            f"EKONTE_PORT: cannot listen on {host} port {port}: {reason}. Another server may be running there; "
            "--port 0 takes a free one."
        ) from None
    listening.set_inheritable(False)
    return listening


def greeting(settings: Settings) -> str:
    """What a person is told when the server is ready: its addresses, and who may use it."""
    base = own_address(settings)
    lines = [
        "Ekonte is listening.",
        f"  GraphQL    {base}/graphql",
        f"  GraphiQL   {base}/graphql   (open it in a browser)",
        f"  WebSocket  {base.replace('http', 'ws', 1)}/graphql   (graphql-transport-ws)",
        f"  Health     {base}/readyz",
    ]
    if settings.secret is None and settings.jwks_url is None:
        lines.append("  No key for tokens is set: only this machine can reach it, as the user `local`.")
    elif settings.host in ("0.0.0.0", "::") and not settings.allowed_hosts:  # noqa: S104
        lines.append("  Only requests to localhost are answered until EKONTE_ALLOWED_HOSTS names this server's names.")
    return "\n".join(lines)
