"""The command: `python -m providers.jimeng.emulator --port 8100 --accounts 3` serves until it is stopped."""

import argparse
import dataclasses
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from providers.jimeng.emulator.accounts import Account, numbered_accounts
from providers.jimeng.emulator.application import build_application
from providers.jimeng.emulator.options import Options, change
from providers.jimeng.emulator.scenario import Scenario, load_scenario
from providers.jimeng.emulator.service import Service
from providers.jimeng.emulator.sites import SITES, token_prefix

EXIT_USAGE_ERROR = 2
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8100
_SHOWN_ACCOUNTS = 20


def environment(host: str, port: int) -> dict[str, str]:
    """The environment variables that make an Ekonte server use the emulator at this address."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    variables = {
        f"JIMENG_{site}_{purpose}_URL": f"http://{address}"
        for site in SITES
        for purpose in ("BASE", "COMMERCE", "IMAGEX")
    }
    return variables | {
        "JIMENG_VOD_URL": f"http://{address}",
        "JIMENG_UPLOAD_SCHEME": "http",
        "EKONTE_ALLOWED_PRIVATE_HOSTS": address,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until stopped; returns the exit code: 2 for an invalid option or scenario."""
    given = _parser().parse_args(arguments)
    if given.print_env:
        _print_environment(given.host, given.port or DEFAULT_PORT)
        return 0
    try:
        scenario = load_scenario(given.scenario) if given.scenario else Scenario()
        options = _options(given, scenario)
        accounts = _accounts(given, scenario)
    except ValueError as error:
        print(f"emulator: {error}", file=sys.stderr)
        return EXIT_USAGE_ERROR
    try:
        listener = _listen(given.host, DEFAULT_PORT if given.port is None else given.port)
    except OSError as error:
        print(f"emulator: {given.host}:{given.port} cannot be bound: {error.strerror}", file=sys.stderr)
        return EXIT_USAGE_ERROR
    with listener:
        service = Service(options, accounts, scenario.rules, render_limit=given.render_limit)
        _print_environment(given.host, listener.getsockname()[1])
        _print_accounts(accounts)
        print("# ready", flush=True)  # connections are queued from here on
        config = uvicorn.Config(
            build_application(service),
            log_level="warning",
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=2,
        )
        uvicorn.Server(config).run(sockets=[listener])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m providers.jimeng.emulator",
        description="A local server that speaks the Jimeng protocol, for demos and tests without an account.",
        epilog="docs/emulator.md describes scenarios and the control interface under /__emulator__/.",
    )
    parser.add_argument("--host", default=DEFAULT_HOST, help="address to listen on (127.0.0.1, this machine only)")
    parser.add_argument("--port", type=int, help=f"port to listen on, 0 for a free one ({DEFAULT_PORT})")
    parser.add_argument("--scenario", type=Path, help="a TOML file with settings, accounts and rules")
    parser.add_argument("--accounts", type=int, default=0, metavar="N", help="adds emulated-0001 to emulated-N")
    parser.add_argument("--site", choices=list(SITES), default="CN", help="site of those accounts (CN)")
    parser.add_argument("--fast", action="store_true", default=None, help="small prepared results, nothing is drawn")
    parser.add_argument("--seconds-per-image", type=float, metavar="S", help="seconds that an image task takes (20)")
    parser.add_argument("--seconds-per-video", type=float, metavar="S", help="seconds that a video task takes (120)")
    parser.add_argument("--seed", type=int, help="random seed (0)")
    parser.add_argument("--render-limit", type=int, default=os.cpu_count() or 1, help="concurrent drawings (all cores)")
    parser.add_argument("--print-env", action="store_true", help="print the variables to set, and exit")
    return parser


def _options(given: argparse.Namespace, scenario: Scenario) -> Options:
    """The options of the scenario, overridden by the command line."""
    options = Options()
    named = {field.name: getattr(given, field.name, None) for field in dataclasses.fields(Options)}
    chosen = {name: value for name, value in named.items() if value is not None}
    change(options, {**scenario.settings, **chosen, **({"is_fast": True} if given.fast else {})})
    return options


def _accounts(given: argparse.Namespace, scenario: Scenario) -> list[Account]:
    numbered = numbered_accounts(given.accounts, given.site)
    known = {account.session for account in scenario.accounts}
    return [*scenario.accounts, *(account for account in numbered if account.session not in known)]


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def _print_environment(host: str, port: int) -> None:
    for name, value in environment(host, port).items():
        print(f"export {name}={value}")
    sys.stdout.flush()


def _print_accounts(accounts: Sequence[Account]) -> None:
    for account in accounts[:_SHOWN_ACCOUNTS]:
        print(f"# account {token_prefix(account.site)}{account.session}, {account.credit} credits")
    if len(accounts) > _SHOWN_ACCOUNTS:
        print(f"# and {len(accounts) - _SHOWN_ACCOUNTS} more; GET /__emulator__/accounts lists all")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
