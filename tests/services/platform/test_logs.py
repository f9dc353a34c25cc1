"""Log lines: their two forms, what is in all of them, and what is in none."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from services.platform.logs import OWN_LOGGERS, REDACTED, configure_logging, redact_text
from settings import Settings

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ5dWtpIn0.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "tortoise", "websockets")}
    levels |= {name: logging.getLogger(name).level for name in OWN_LOGGERS}
    levels["strawberry.execution"] = logging.getLogger("strawberry.execution").level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def configured(**values: Any) -> io.StringIO:
    stream = io.StringIO()
    configure_logging(Settings(_env_file=None, **values), stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_lines_and_those_of_libraries_have_one_form() -> None:
    stream = configured(log_format="json")
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("ours").info("job.started", job="job_1")
        logging.getLogger("theirs").warning("something %s", "odd")
    ours, theirs = lines(stream)
    assert (ours["event"], ours["job"], ours["level"], ours["logger"]) == ("job.started", "job_1", "info", "ours")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("something odd", "warning", "theirs")
    assert ours["request_id"] == theirs["request_id"] == "r-1"
    assert ours["timestamp"].endswith("Z")


def test_the_console_form_is_for_people() -> None:
    stream = configured(log_format="console")
    structlog.get_logger().info("job.started", job="job_1")
    assert "job.started" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_what_is_no_terminal_gets_json_by_itself() -> None:
    stream = configured(log_format="auto")
    structlog.get_logger().info("x")
    assert lines(stream)[0]["event"] == "x"


def test_lines_below_the_level_are_not_written() -> None:
    stream = configured(log_format="json", log_level="WARNING")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


SECRETS = [
    f"Authorization: Bearer {JWT}",
    f"authorization='Bearer {JWT}'",
    "Authorization: Basic dXNlcjpzd29yZGZpc2g=",
    "/files/f/x?expires=1&signature=swordfish&x=1",
    "https://cdn.example/x?sig=swordfish",
    "https://id.example/x?access_token=swordfish#top",
    "{'session_id': 'swordfish', 'n': 1}",
    '{"sessionid": "swordfish"}',
    "sessionId=swordfish; sid_tt=swordfish",
    "postgres://user:swordfish@db.example:5432/ekonte",
    "redis://:swordfish@cache.example/0",
    "api_key=swordfish, api-key: swordfish",
    "EKONTE_SECRET=swordfish",
    f"the token {JWT} was refused",
    "connection_init payload {'authToken': 'swordfish'}",
]


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("text", SECRETS)
def test_no_secret_is_in_any_part_of_a_line(log_format: str, text: str) -> None:
    stream = configured(log_format=log_format)
    log = structlog.get_logger()
    log.info(text)
    log.info("event", detail=text, nested={"list": [text]}, raw=text.encode())
    logging.getLogger("theirs").warning("they said %s", text)
    try:
        raise RuntimeError(text)
    except RuntimeError:
        log.exception("failed")
        logging.getLogger("theirs").exception("failed")
    written = stream.getvalue()
    assert written.count("failed") >= 2
    assert "RuntimeError" in written
    for secret in ("swordfish", "dXNlcjpzd29yZGZpc2g", JWT, JWT.split(".")[1]):
        assert secret not in written
    assert REDACTED in written


@pytest.mark.parametrize(
    "name", ["authorization", "token", "session_id", "sessionId", "webhook_secret", "password", "cookie"]
)
def test_what_is_called_a_secret_is_hidden_whatever_it_is(name: str) -> None:
    stream = configured(log_format="json")
    structlog.get_logger().info("x", **{name: "swordfish"}, nested={name: ["swordfish"]})
    line = lines(stream)[0]
    assert line[name] == line["nested"][name] == REDACTED


@pytest.mark.parametrize(
    "text",
    [
        "job_7267911872356352 done in 3.5 s",
        "http://localhost:8000/graphql",
        "GET /files/f_1/film.mp4 200",
        "a@b.example",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact_text(text) == text


def test_local_variables_are_not_in_tracebacks() -> None:
    stream = configured(log_format="console")

    def fails() -> None:
        hidden = "sword" + "fish"
        raise RuntimeError(f"{len(hidden)}")

    try:
        fails()
    except RuntimeError:
        structlog.get_logger().exception("failed")
    assert "swordfish" not in stream.getvalue()


def test_at_debug_our_own_lines_are_debug_and_libraries_stay_at_info() -> None:
    stream = configured(log_format="json", log_level="DEBUG")
    structlog.get_logger("services.queue.leases").debug("lease.extended")
    logging.getLogger("aiosqlite").debug("executing %s", "INSERT INTO account VALUES (swordfish)")
    logging.getLogger("some.library").info("library.started")
    assert [line["event"] for line in lines(stream)] == ["lease.extended", "library.started"]


@pytest.mark.parametrize("level", ["INFO", "WARNING", "ERROR"])
def test_other_levels_hold_for_all(level: str) -> None:
    stream = configured(log_format="json", log_level=level)
    structlog.get_logger("services.queue.leases").debug("lease.extended")
    logging.getLogger("some.library").info("library.started")
    logging.getLogger("some.library").error("library.failed")
    assert [line["event"] for line in lines(stream)][-1] == "library.failed"
    assert len(lines(stream)) == (2 if level == "INFO" else 1)


def test_a_connection_given_up_while_it_was_opened_is_no_error_of_the_server() -> None:
    stream = configured(log_format="json")

    def never_retrieved(error: Exception) -> None:
        loop = asyncio.new_event_loop()
        try:
            loop.call_exception_handler({"message": "Future exception was never retrieved", "exception": error})
        finally:
            loop.close()

    never_retrieved(ConnectionError("unexpected connection_lost() call"))
    never_retrieved(ConnectionError("another one"))
    assert [line["level"] for line in lines(stream)] == ["error"]
    assert "another one" in stream.getvalue()
