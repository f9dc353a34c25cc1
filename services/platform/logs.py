"""Configures logging: structlog for our own log lines and those of libraries, as JSON or for reading, with secrets
redacted.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from settings import Settings

REDACTED = "[redacted]"
OWN_LOGGERS = ("server", "web", "resolvers", "schema", "tasks", "services", "models", "providers", "media", "settings")
"The loggers of our packages: each logger is named after its module."

_SECRET_NAMES = re.compile(
    r"authorization|cookie|token|secret|password|passwd|signature|^sig$|session_?id|api[_-]?key|credential|private_?key",
    re.I,
)
_SECRET_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    # name=value and "name": "value", as in links, headers, bodies and tracebacks
    (
        re.compile(
            r"""(?ix)
            \b((?:[\w-]*[_-])?(?:sig|signature|token|authtoken|session_?id|sid_tt|secret|password|api[_-]?key|credential)
            ["']?\s*[=:]\s*["']?)(?!\[redacted\])[^\s&"',;)}\]]+""",
        ),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"""(?i)(authorization["']?\s*[=:]\s*["']?)(?!\[redacted\])[^\r\n"']+"""), rf"\1{REDACTED}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {REDACTED}"),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"), REDACTED),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@]+@", re.I), rf"\1{REDACTED}@"),
)


def redact_text(text: str) -> str:
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


def _redact(value: Any) -> Any:
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, MutableMapping):
        return {
            name: REDACTED if item is not None and _SECRET_NAMES.search(str(name)) else _redact(item)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redact(item) for item in value]
    if isinstance(value, bytes):
        return redact_text(value.decode("utf-8", "replace"))
    if isinstance(value, bool | int | float) or value is None:
        return value
    return redact_text(str(value))


def redact_secrets(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
    """Processor: redacts values under secret names, and text that looks like a secret anywhere, including
    tracebacks.
    """
    kept = {name: event_dict.pop(name) for name in ("_record", "_from_structlog") if name in event_dict}
    return {**_redact(event_dict), **kept}


def _without_uvicorn_colours(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
    event_dict.pop("color_message", None)
    return event_dict


class AbandonedConnections(logging.Filter):
    """Drops the event loop's report of a connection to PostgreSQL that was given up while it was being opened, because
    the client of the request had vanished: asyncpg then sets an exception that nobody is left to read.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not (isinstance(error, ConnectionError) and str(error) == "unexpected connection_lost() call")


def _to_json(value: Any, **_: Any) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode("utf-8", "replace")


def configure_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Sends all log lines of this process, including those of libraries, to `stream` (default: standard error)."""
    output = sys.stderr if stream is None else stream
    is_json = settings.log_format == "json" or (settings.log_format == "auto" and not output.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(serializer=_to_json)
        if is_json
        else structlog.dev.ConsoleRenderer(colors=output.isatty(), exception_formatter=structlog.dev.plain_traceback)
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), _without_uvicorn_colours],
            processors=[
                structlog.processors.format_exc_info,
                redact_secrets,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                renderer,
            ],
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = logging.getLevelName(settings.log_level)
    # Below INFO libraries log what they are given: values of SQL, headers, frames. DEBUG is for our own lines.
    root.setLevel(max(logging.INFO, level))
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # At INFO these repeat our own lines, httpx with full URLs.
    for name in ("httpx", "httpcore", "tortoise", "websockets"):
        logging.getLogger(name).setLevel(max(logging.WARNING, level))
    asyncio_logger = logging.getLogger("asyncio")
    if not any(isinstance(each, AbandonedConnections) for each in asyncio_logger.filters):
        asyncio_logger.addFilter(AbandonedConnections())
    # Errors of operations are logged where the response is built, with the request's id.
    logging.getLogger("strawberry.execution").setLevel(logging.CRITICAL)
