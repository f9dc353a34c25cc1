"""The server process: address checks, listening socket, start message and shutdown."""

import asyncio
import contextlib
import ipaddress
import logging
import resource
import signal
import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from errors import ConfigurationError
from services.platform.file_links import own_address
from settings import Settings
from web.connection_protocols import bounded_protocols
from web.connection_watch import ConnectionLimits, ConnectionWatch

# Time for open streams and uploads to end after SIGTERM; the lifespan has the rest of ten seconds to close.
GRACE_SECONDS = 3
# Connections that wait in the kernel, and those of them that the event loop takes before it does anything else.
QUEUED_CONNECTIONS = 2048
ACCEPTED_AT_ONCE = 64
# Files and sockets besides connections: the database, storage, renderers, upstream.
OTHER_FILES = 512


def check_exposure(settings: Settings) -> None:
    """Raises ConfigurationError if a server without token authentication would be reachable by others, or if it would
    accept tokens that an identity provider made for another service.
    """
    if settings.jwks_url is not None and (settings.jwt_audience is None or settings.jwt_issuer is None):
        raise ConfigurationError(
            "EKONTE_JWT_AUDIENCE, EKONTE_JWT_ISSUER: both must be set beside EKONTE_JWKS_URL; without them the tokens "
            "that the identity provider makes for other services would be accepted."
        )
    if settings.secret is not None or settings.jwks_url is not None:
        return
    if not _is_loopback(settings.host):
        raise ConfigurationError(
            f"EKONTE_HOST: listening on {settings.host} would give access to anybody, since no key for tokens is set. "
            "Set EKONTE_SECRET (at least 32 characters) or EKONTE_JWKS_URL, or listen on 127.0.0.1."
        )
    for name, values in (
        ("EKONTE_ALLOWED_HOSTS", settings.allowed_hosts),
        ("EKONTE_ALLOWED_ORIGINS", settings.allowed_origins),
    ):
        if "*" in values:
            raise ConfigurationError(
                f"{name}: * would let any web page use this server, since no key for tokens is set. "
                "List the allowed ones, or set EKONTE_SECRET or EKONTE_JWKS_URL."
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


class EkonteServer(uvicorn.Server):
    """Prints the start message once the application is ready, and ends open streams before connections close."""

    def __init__(self, config: uvicorn.Config, greeting: str, closing: asyncio.Event, watch: ConnectionWatch) -> None:
        super().__init__(config)
        self._greeting = greeting
        self._closing = closing
        self._watch = watch
        self._watching: asyncio.Task[None] | None = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing.set()
        await super().shutdown(sockets)
        if self._watching is not None:
            self._watching.cancel()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            for listening in sockets or ():
                listening.listen(QUEUED_CONNECTIONS)  # asyncio has made it as short as ACCEPTED_AT_ONCE
            self._watching = asyncio.create_task(self._watch.run())
            print(self._greeting, flush=True)


def serve(settings: Settings, make_app: Callable[[Settings], Starlette]) -> int:
    """Binds the address, creates the application and serves it; returns the exit code. The settings passed to make_app
    have the actual port.

    Raises ConfigurationError if the address cannot be bound, or if the application's lifespan raised it.
    """
    check_exposure(settings)
    listening = _bind(settings.host, settings.port)
    settings = settings.model_copy(update={"port": listening.getsockname()[1]})
    app = make_app(settings)
    watch = ConnectionWatch(connection_limits(settings))
    http, websocket = bounded_protocols(watch)
    config = uvicorn.Config(
        app,
        http=http,  # type: ignore[arg-type]
        ws=websocket,  # type: ignore[arg-type]
        backlog=ACCEPTED_AT_ONCE,
        timeout_keep_alive=settings.keep_alive_seconds,
        ws_max_size=settings.max_json_bytes,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
    )
    server = EkonteServer(config, greeting(settings), app.state.closing, watch)
    # uvicorn raises the signal again after its shutdown; with this handler the process exits with code 0.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    # A ConfigurationError at the start is shown as one message, without uvicorn's traceback.
    logging.getLogger("uvicorn.error").addFilter(lambda _: getattr(app.state, "refused_start", None) is None)
    with contextlib.closing(listening), contextlib.suppress(KeyboardInterrupt, SystemExit):
        server.run(sockets=[listening])
    refused: ConfigurationError | None = getattr(app.state, "refused_start", None)
    if refused is not None:
        raise refused
    return 0 if server.started else 1


def connection_limits(settings: Settings) -> ConnectionLimits:
    """The limits of the settings; fewer connections where the system lets this process open fewer files."""
    connections = min(settings.max_connections, max(16, _raise_open_files(settings.max_connections) - OTHER_FILES))
    return ConnectionLimits(
        connections=connections,
        per_address=settings.max_connections_per_address,
        head_seconds=settings.request_head_seconds,
        body_seconds=settings.request_body_seconds,
        stalled_seconds=settings.stalled_seconds,
        proxies=tuple(ipaddress.ip_network(proxy) for proxy in settings.trusted_proxies),
    )


def _raise_open_files(connections: int) -> int:
    """Raises this process's limit of open files to what so many connections need, as far as it may; returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
        return raised
    return soft


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise ConfigurationError(f"EKONTE_HOST: {host} is not an address of this machine.") from None
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        # From here on the address is bound; early connections wait until the application is ready.
        listening.listen(QUEUED_CONNECTIONS)
    except OSError as error:
        listening.close()
        reason = error.strerror or "it cannot be used"
        raise ConfigurationError(
            f"EKONTE_PORT: cannot listen on {host} port {port}: {reason}. Another server may be running there; "
            "--port 0 uses a free port."
        ) from None
    listening.set_inheritable(False)
    return listening


def greeting(settings: Settings) -> str:
    """The start message: the server's addresses, and who can reach it."""
    base = own_address(settings)
    lines = [
        "Ekonte is listening.",
        f"  GraphQL    {base}/graphql",
        f"  GraphiQL   {base}/graphql   (open it in a browser)",
        f"  WebSocket  {base.replace('http', 'ws', 1)}/graphql   (graphql-transport-ws)",
        f"  Health     {base}/readyz",
    ]
    if settings.secret is None and settings.jwks_url is None:
        lines.append("  No key for tokens is set: only this machine has access, as the user `local`.")
    elif settings.host in ("0.0.0.0", "::") and not settings.allowed_hosts:  # noqa: S104
        lines.append("  Only requests to localhost are answered until EKONTE_ALLOWED_HOSTS lists this server's names.")
    return "\n".join(lines)
