"""Scenario files and the messages about their errors."""

import dataclasses
import re
import tomllib
from pathlib import Path

import pytest

from providers.jimeng.emulator.accounts import Account
from providers.jimeng.emulator.faults import ENDPOINTS, Rule
from providers.jimeng.emulator.options import Options
from providers.jimeng.emulator.scenario import load_scenario, read_scenario

EXAMPLES = Path(__file__).parents[4] / "examples"


def test_a_scenario_has_settings_accounts_and_rules() -> None:
    text = """
        [settings]
        seconds_per_image = 3
        visible_after_seconds = [1, 4]
        [[accounts]]
        session = "a"
        site = "US"
        [[accounts]]
        session = "b"
        count = 3
        gift_credit = 7
        [[rules]]
        endpoint = "submit"
        ret = 1019
        rate = 0.1
    """
    scenario = read_scenario(tomllib.loads(text))
    assert scenario.settings == {"seconds_per_image": 3.0, "visible_after_seconds": (1.0, 4.0)}
    assert [account.session for account in scenario.accounts] == ["a", "b-0001", "b-0002", "b-0003"]
    assert [account.gift_credit for account in scenario.accounts] == [1000, 7, 7, 7]
    assert [(rule.name, rule.ret, rule.rate) for rule in scenario.rules] == [("rule 1", "1019", 0.1)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[setting]", "setting:"),
        ("[settings]\nspeed = 1", "speed"),
        ("[[accounts]]\nsite = 'US'", "session"),
        ("[[accounts]]\nsession = 'a'\n[[accounts]]\nsession = 'a'", "twice"),
        ("[[accounts]]\nsession = 'a'\ncount = 0", "count"),
        ("[[rules]]\nname = 'x'\nendpoint = 'y'", "x: endpoint"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_scenario(tomllib.loads(text))


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        load_scenario(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[[", "utf-8")
    with pytest.raises(ValueError, match="not TOML"):
        load_scenario(tmp_path / "bad.toml")


def test_the_example_can_be_used() -> None:
    scenario = load_scenario(EXAMPLES / "pool-scenario.toml")
    assert scenario.accounts
    assert scenario.rules


def test_the_document_names_everything_that_can_be_said() -> None:
    text = (EXAMPLES.parent / "docs" / "emulator.md").read_text("utf-8")
    named = {word for code in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"[a-z_]+", code)}
    fields = {field.name for kind in (Options, Account, Rule) for field in dataclasses.fields(kind)}
    assert fields - named == {"endpoints", "user_id", "received_on", "history"}
    assert set(ENDPOINTS) <= named
