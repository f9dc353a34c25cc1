"""Scenarios: a TOML file with settings, accounts and rules. docs/emulator.md describes it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from providers.jimeng.emulator.accounts import Account, account_from
from providers.jimeng.emulator.faults import Rule, rule_from
from providers.jimeng.emulator.options import checked

_PARTS = {"settings", "accounts", "rules"}


@dataclass(frozen=True)
class Scenario:
    """settings: validated values of Options, by name."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    accounts: tuple[Account, ...] = ()
    rules: tuple[Rule, ...] = ()


def load_scenario(path: Path) -> Scenario:
    """Raises ValueError with the reason."""
    try:
        return read_scenario(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is not TOML: {error}") from None


def read_scenario(data: Mapping[str, Any]) -> Scenario:
    """As load_scenario, from parsed values. `count` in an account creates that many, with numbered sessions."""
    if unknown := set(data) - _PARTS:
        raise ValueError(f"{', '.join(sorted(unknown))}: a scenario has settings, accounts and rules")
    settings = {name: checked(name, value) for name, value in data.get("settings", {}).items()}
    accounts: list[Account] = []
    for entry in data.get("accounts", ()):
        accounts += _accounts(dict(entry))
    rules = tuple(rule_from(entry, number) for number, entry in enumerate(data.get("rules", ()), start=1))
    for names, what in (
        ([account.session for account in accounts], "session"),
        ([rule.name for rule in rules], "rule"),
    ):
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"{what} {sorted(twice)[0]} is defined twice")
    return Scenario(settings, tuple(accounts), rules)


def _accounts(entry: dict[str, Any]) -> list[Account]:
    count = entry.pop("count", None)
    if count is None:
        return [account_from(entry)]
    if not isinstance(count, int) or not 1 <= count <= 1000:
        raise ValueError("count must be a whole number from 1 to 1000")
    return [
        account_from({**entry, "session": f"{entry.get('session', 'emulated')}-{number:04d}"})
        for number in range(1, count + 1)
    ]
