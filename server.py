"""The command line (serve, migrate, token, schema …), and the wiring of the application."""

import argparse
import asyncio
import functools
import math
import sys
import zoneinfo
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from errors import ConfigurationError
from services.platform.unknown_settings import exposed_env_file, unknown_variables
from settings import Settings, get_jimeng_settings, read_settings, use_settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

EXIT_USAGE_ERROR = 2
MAX_LISTED = 1000
"Revocations that are printed."


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the process's exit code: 2 for an invalid setting or argument."""
    options = _parser().parse_args(arguments)
    given = {name: getattr(options, name, None) for name in ("host", "port")}
    try:
        settings = read_settings(**{name: value for name, value in given.items() if value is not None})
        use_settings(settings)
        get_jimeng_settings()  # raises ConfigurationError for an invalid value
        for text in (*unknown_variables(), *exposed_env_file()):
            print(f"ekonte: warning: {text}", file=sys.stderr)
        match options.command:
            case "token":
                return print_token(settings, user=options.user, days=options.days, scopes=tuple(options.scope or ()))
            case "schema":
                return print_schema()
            case "settings":
                from services.platform.settings_table import settings_table

                print(settings_table(), end="")
                return 0
            case "migrate":
                return migrate(settings)
            case "reseal":
                return reseal(settings)
            case "revoke":
                return revoke(settings, options)
            case "audit":
                return print_audit(settings, owner=options.owner, since=options.since, limit=options.limit)
            case _:
                return run_server(settings, with_worker=not options.no_worker)
    except ConfigurationError as error:
        print(f"ekonte: {error}", file=sys.stderr)
        return EXIT_USAGE_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="server.py",
        description="Ekonte turns stories into anime films. Without a command it serves its GraphQL API.",
        epilog="All settings come from the environment or from .env; docs/settings.md lists them.",
    )
    parser.add_argument("--host", help="address to listen on (EKONTE_HOST, 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on, 0 for a free one (EKONTE_PORT, 8000)")
    parser.add_argument("--no-worker", action="store_true", help="serve only; run `dramatiq tasks` to work on jobs")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("migrate", help="upgrade the database to this version's tables")
    commands.add_parser("reseal", help="encrypt all stored secrets with the first of EKONTE_ENCRYPTION_KEYS")
    audit = commands.add_parser("audit", help="print the newest entries of the audit log, one JSON object a line")
    audit.add_argument("--owner", help="only entries of this user")
    audit.add_argument("--since", help="no older entries: a date, in EKONTE_TIMEZONE, or an RFC 3339 time")
    audit.add_argument("--limit", type=int, default=100, help="most entries to print (100)")
    commands.add_parser("schema", help="print the GraphQL schema")
    commands.add_parser("settings", help="print the table of all settings")
    token = commands.add_parser("token", help="print a bearer token, signed with EKONTE_SECRET")
    token.add_argument("--user", required=True, help="the token's user, who owns all that is created with it")
    token.add_argument("--days", type=float, required=True, help="days until the token expires")
    token.add_argument("--scope", action="append", help="a scope of the token, e.g. system:read; may be repeated")
    revoke = commands.add_parser("revoke", help="stop accepting tokens; open streams with them end within seconds")
    which = revoke.add_mutually_exclusive_group(required=True)
    which.add_argument("--token", help="this token; - reads it from standard input")
    which.add_argument("--token-id", help="the token with this id (its claim jti)")
    which.add_argument("--user", help="all tokens of this user that were issued before --before")
    which.add_argument("--everybody", action="store_true", help="all tokens that were issued before --before")
    which.add_argument("--list", action="store_true", help="print what has been revoked, newest first")
    revoke.add_argument("--before", help="a date, in EKONTE_TIMEZONE, or an RFC 3339 time (now)")
    return parser


def print_token(settings: Settings, *, user: str, days: float, scopes: tuple[str, ...]) -> int:
    from services.platform.identity import MAX_SUBJECT_CHARACTERS, make_token
    from services.platform.keys import load_keys

    if settings.secret is None:
        raise ConfigurationError("EKONTE_SECRET: must be set to create a token; the server needs the same value.")
    if not 0 < days <= settings.token_max_days or not math.isfinite(days):
        most = f"{settings.token_max_days:g}"
        raise ConfigurationError(f"--days: must be above 0 and at most {most} (EKONTE_TOKEN_MAX_DAYS).")
    if not 0 < len(user) <= MAX_SUBJECT_CHARACTERS or not user.isprintable():
        raise ConfigurationError(f"--user: must have 1 to {MAX_SUBJECT_CHARACTERS} printable characters.")
    key = load_keys(settings).tokens
    assert key is not None
    print(make_token(user, key=key, now=datetime.now(UTC), days=days, scopes=scopes, settings=settings))
    return 0


def revoke(settings: Settings, options: argparse.Namespace) -> int:
    """Revokes tokens as the options say, or prints what was revoked."""
    from models.database import open_database
    from services.platform import revocations
    from services.platform.migrations import database_url
    from services.platform.process_leases import process_name, process_number
    from services.platform.runtime import open_runtime
    from services.worker.startup_checks import check_surroundings

    token = sys.stdin.read().strip() if options.token == "-" else options.token  # noqa: S105 - a dash
    token_id = revocations.id_in_token(token) if token else options.token_id
    subject = revocations.EVERYBODY if options.everybody else options.user
    before = datetime.now(UTC) if options.before is None else _moment(options.before, settings.timezone, "--before")
    if not options.list and not token_id and subject == "" and not options.everybody:
        raise ConfigurationError("--user: must have at least 1 character.")

    async def run() -> None:
        await check_surroundings(settings)
        with open_runtime():
            async with open_database(database_url(settings), settings.data_dir), process_number(process_name()):
                if options.list:
                    for revocation in await revocations.newest_revocations(MAX_LISTED):
                        print(revocations.shown(revocation))
                elif token_id:
                    await revocations.revoke_token(token_id)
                else:
                    await revocations.revoke_before(subject, before)

    asyncio.run(run())
    if not options.list:
        print(f"Revoked. Every process refuses them within {revocations.READ_SECONDS:g} seconds.", file=sys.stderr)
    return 0


def print_schema() -> int:
    from resolvers import schema

    print(schema.as_str())
    return 0


def migrate(settings: Settings) -> int:
    from services.platform import migrations
    from services.platform.logs import configure_logging
    from services.worker.startup_checks import check_surroundings

    configure_logging(settings)

    async def run() -> None:
        await check_surroundings(settings)
        await migrations.migrate(settings)

    asyncio.run(run())
    return 0


def reseal(settings: Settings) -> int:
    """Encrypts all stored secrets with the first key; the other keys can be removed afterwards."""
    from models.database import open_database
    from services.accounts.sessions import reseal_all
    from services.platform.migrations import database_url
    from services.platform.runtime import open_runtime
    from services.worker.startup_checks import check_surroundings

    async def run() -> int:
        await check_surroundings(settings)
        with open_runtime():
            async with open_database(database_url(settings), settings.data_dir):
                return await reseal_all()

    print(f"{asyncio.run(run())} secrets re-encrypted")
    return 0


def print_audit(settings: Settings, *, owner: str | None, since: str | None, limit: int) -> int:
    """Prints the newest entries as JSON lines, oldest first."""
    import orjson

    from models.database import open_database
    from services.platform.audit import entry_as_json, newest_entries
    from services.platform.migrations import database_url
    from services.worker.startup_checks import check_surroundings

    if limit < 1:
        raise ConfigurationError("--limit: must be at least 1.")
    after = None if since is None else _moment(since, settings.timezone, "--since")

    async def run() -> None:
        await check_surroundings(settings)
        async with open_database(database_url(settings), settings.data_dir):
            async for entry in newest_entries(owner=owner, since=after, limit=limit):
                print(orjson.dumps(entry_as_json(entry)).decode())

    asyncio.run(run())
    return 0


def _moment(text: str, timezone: str, option: str) -> datetime:
    """Parses a date or time; without a zone it is in `timezone`. Raises ConfigurationError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{option}: must be a date such as 2026-01-31, or an RFC 3339 time.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zoneinfo.ZoneInfo(timezone))


def run_server(settings: Settings, *, with_worker: bool) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code."""
    from services.platform.logs import configure_logging
    from web.serving import check_exposure, serve

    check_exposure(settings)
    configure_logging(settings)
    return serve(settings, functools.partial(build_app, with_worker=with_worker))


def build_app(settings: Settings, *, with_worker: bool) -> "Starlette":
    """The application with schema, database, storage, events and, optionally, an embedded worker."""
    from resolvers import schema
    from resolvers.context import build_context
    from services.platform.identity import Identity
    from services.platform.keys import load_keys
    from services.platform.revocations import Revocations
    from services.platform.served_files import open_file
    from services.worker.process import readiness
    from tasks.embedded import running
    from web.app import create_app

    keys = load_keys(settings)
    return create_app(
        settings,
        identity=Identity(settings, keys, revocations=Revocations()),
        keys=keys,
        schema=schema,
        build_context=build_context,
        lifespan=functools.partial(running, settings, with_worker=with_worker),
        open_file=open_file,
        readiness=readiness,
    )


if __name__ == "__main__":
    sys.exit(main())
