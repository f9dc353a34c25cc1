"""Settings: reading, errors, and the table in the documents."""

import os
import secrets
from pathlib import Path

import pytest

from errors import ConfigurationError
from services.platform.settings_table import settings_table
from services.platform.unknown_settings import unknown_variable_texts, unknown_variables
from settings import (
    JimengSettings,
    Settings,
    get_jimeng_settings,
    get_settings,
    overridden_settings,
    read_jimeng_settings,
    read_settings,
    use_settings,
)
from settings.names import ENV_PREFIX, JIMENG_PREFIX
from settings.secret_strength import weakness

PAGE = Path("docs/settings.md")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Removes this machine's variables and the checkout's .env file."""
    for name in list(os.environ):
        if name.startswith((ENV_PREFIX, JIMENG_PREFIX)):
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.setitem(JimengSettings.model_config, "env_file", None)


def test_the_documents_have_every_setting_as_it_is() -> None:
    assert settings_table() in PAGE.read_text(), (
        "run `python server.py settings` and put its table into docs/settings.md"
    )


def test_every_setting_says_what_it_is() -> None:
    fields = [*Settings.model_fields.values(), *JimengSettings.model_fields.values()]
    assert all(field.description for field in fields)


def test_what_has_a_unit_says_it() -> None:
    for name, field in Settings.model_fields.items():
        unit = next((unit for unit in ("seconds", "bytes", "days") if name.endswith(unit)), None)
        if unit is not None:
            assert f"`{ENV_PREFIX}{name.upper()}`" in settings_table()
            assert field.annotation in (int, float, float | None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "70000"),
        ("SECRET", "too short"),
        ("MAX_SUBMITS", "5000"),
        ("LOG_LEVEL", "LOUD"),
        ("TIMEZONE", "Mars/Olympus"),
        ("JWKS_URL", "ftp://id.example/keys"),
        ("ALLOWED_ORIGINS", "https://a.example, b.example"),
        ("ALLOWED_ORIGINS", "https://a.example/path"),
        ("ALLOWED_ORIGINS", "https://*.x"),
        ("ALLOWED_ORIGINS", "https://studio.*.example"),
        ("ALLOWED_ORIGINS", "*.example"),
        ("ALLOWED_ORIGINS", "http://"),
        ("ALLOWED_ORIGINS", "https://a b"),
        ("ALLOWED_ORIGINS", "null"),
        ("ALLOWED_ORIGINS", "https://mira@a.example"),
        ("ALLOWED_ORIGINS", "https://a.example:70000"),
        ("ALLOWED_ORIGINS", "https://a.example:0"),
        ("ALLOWED_ORIGINS", "https://a.example?x"),
        ("ALLOWED_ORIGINS", "https://a.example#x"),
        ("ALLOWED_ORIGINS", "https://[::1"),
        ("ALLOWED_ORIGINS", "file:///a"),
        ("ALLOWED_HOSTS", "https://films.example"),
        ("ALLOWED_HOSTS", "films.example/graphql"),
        ("ALLOWED_HOSTS", "*.example"),
        ("ALLOWED_HOSTS", "films.example:99999"),
        ("ALLOWED_HOSTS", "mira@films.example"),
        ("ALLOWED_PRIVATE_HOSTS", "http://10.0.0.1"),
        ("ALLOWED_PRIVATE_HOSTS", "*"),
        ("SECRET", "x" * 40),
        ("SECRET", "changeme-changeme-changeme-changeme!"),
        ("SECRET", "change-this-to-a-long-random-secret-please"),
        ("SECRET", "your-secret-key-here-at-least-32-characters"),
        ("SECRET", "abcdefghijklmnopqrstuvwxyz0123456789"),
        ("SECRET", "8f3a1c9e8f3a1c9e8f3a1c9e8f3a1c9e8f3a"),
        ("METRICS_TOKEN", "short"),
        ("METRICS_TOKEN", "aaaaaaaaaaaaaaaaaaaaaaaa"),
        ("METRICS_TOKEN", "changeme-changeme-1234"),
        ("ENCRYPTION_KEYS", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("INTROSPECTION", "maybe"),
        ("MAX_UPLOAD_BYTES", "-1"),
    ],
)
def test_a_wrong_value_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(ENV_PREFIX + name, value)
    with pytest.raises(ConfigurationError) as refused:
        read_settings()
    assert str(refused.value).startswith(f"{ENV_PREFIX}{name}: ")
    is_in_the_example = value == "http://"
    assert is_in_the_example or value not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("https://studio.example", "https://studio.example"),
        ("https://Studio.Example/", "https://studio.example"),
        ("https://studio.example:443", "https://studio.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("*", "*"),
    ],
)
def test_an_origin_is_read_as_browsers_send_it(monkeypatch: pytest.MonkeyPatch, value: str, read: str) -> None:
    monkeypatch.setenv("EKONTE_ALLOWED_ORIGINS", value)
    assert read_settings().allowed_origins == (read,)


@pytest.mark.parametrize("count", range(20))
def test_random_secrets_are_strong(count: int) -> None:
    for secret in (secrets.token_urlsafe(32), secrets.token_hex(16), secrets.token_hex(32)):
        assert weakness(secret, least=32) is None


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EKONTE_PORT", "x")
    monkeypatch.setenv("EKONTE_SECRET", "x")
    with pytest.raises(ConfigurationError, match=r"EKONTE_PORT.*EKONTE_SECRET"):
        read_settings()


def test_values_come_from_the_environment_and_the_command_line_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EKONTE_PORT", "9000")
    monkeypatch.setenv("EKONTE_ALLOWED_HOSTS", "a.example, b.example:8443,")
    assert read_settings().port == 9000
    assert read_settings(port=9001).port == 9001
    assert read_settings().allowed_hosts == ("a.example", "b.example:8443")


def test_secrets_do_not_show_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EKONTE_SECRET", "swordfish-0Pj7Qw-3mZk9-Lx5Tn-8Vb2Rc")
    monkeypatch.setenv("EKONTE_DATABASE_URL", "postgres://user:swordfish@db/ekonte")
    assert "swordfish" not in repr(read_settings()) + str(read_settings())


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "abc", "EKONTE_PORT: must be a whole number, at least 0, at most 65535"),
        ("SECRET", "too short", "EKONTE_SECRET: must have at least 32 characters"),
        ("LOG_LEVEL", "LOUD", "EKONTE_LOG_LEVEL: must be DEBUG or INFO or WARNING or ERROR"),
        ("LEASE_SECONDS", "1", "EKONTE_LEASE_SECONDS: must be a number, at least 2"),
        ("REDIS_URL", "http://user:swordfish@host", "EKONTE_REDIS_URL: must be redis://host:port/db"),
        ("REDIS_URL", "redis://user:sword/fish@host", "EKONTE_REDIS_URL: must be redis://host:port/db"),
        ("INTROSPECTION", "maybe", "EKONTE_INTROSPECTION: must be true or false"),
    ],
)
def test_a_wrong_value_is_told_in_our_own_words(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(ENV_PREFIX + name, value)
    with pytest.raises(ConfigurationError) as refused:
        read_settings()
    assert str(refused.value) == sentence


def test_variables_that_no_setting_reads_are_named_with_the_nearest_that_one_does() -> None:
    ours = ["EKONTE_PROT", "ekonte_port", "EKONTE_DATABSE_URL", "EKONTE_HOST", "EKONTE_XYZZY"]
    assert unknown_variable_texts([*ours, "EKONTE_TEST_REDIS_URL", "EKONTE_TOKEN", "PATH"]) == [
        "EKONTE_DATABSE_URL is not a setting; did you mean EKONTE_DATABASE_URL?",
        "EKONTE_PROT is not a setting; did you mean EKONTE_PORT?",
        "EKONTE_XYZZY is not a setting; docs/settings.md lists all settings.",
    ]


def test_unknown_variables_are_found_in_the_environment_and_in_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("EKONTE_HOTS=127.0.0.1\nOTHER=1\n")
    monkeypatch.setitem(Settings.model_config, "env_file", str(tmp_path / ".env"))
    monkeypatch.setenv("EKONTE_PROT", "9000")
    found = unknown_variables()
    assert [text.split()[0] for text in found] == ["EKONTE_HOTS", "EKONTE_PROT"]
    assert read_settings().port == 8000


def test_a_file_of_settings_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"EKONTE_HOST=\xff\xfe")
    monkeypatch.setitem(Settings.model_config, "env_file", str(tmp_path / ".env"))
    with pytest.raises(ConfigurationError, match=r"^\.env: "):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("JIMENG_US_BASE_URL", "ftp://films.example", "JIMENG_US_BASE_URL: must be an http or https address"),
        (
            "JIMENG_CN_PAGE_URL",
            "https://user:swordfish@films.example",
            "JIMENG_CN_PAGE_URL: must be an address without user name, query and fragment",
        ),
        ("JIMENG_CN_AID", "x", "JIMENG_CN_AID: must be a whole number, at least 1"),
        ("DEFAULT_DA_VERSION", "newest", "DEFAULT_DA_VERSION: must be a version such as 3.3.9"),
        ("JIMENG_UPLOAD_SCHEME", "ftp", "JIMENG_UPLOAD_SCHEME: must be https or http"),
        ("JIMENG_TIMEOUT_SECONDS", "0", "JIMENG_TIMEOUT_SECONDS: must be a number, at least 1"),
    ],
)
def test_a_wrong_value_for_jimeng_is_told_likewise(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as refused:
        read_jimeng_settings()
    assert str(refused.value) == sentence


def test_settings_for_jimeng_have_no_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIMENG_CN_BASE_URL", "http://127.0.0.1:9/jimeng/")
    monkeypatch.setenv("DEFAULT_DA_VERSION", "3.4.0")
    settings = read_jimeng_settings()
    assert (settings.jimeng_cn_base_url, settings.default_da_version) == ("http://127.0.0.1:9/jimeng", "3.4.0")
    assert settings.jimeng_jp_base_url is None


def test_mistyped_variables_for_jimeng_are_named_too() -> None:
    assert unknown_variable_texts(["JIMENG_US_BSE_URL", "JIMENG_CN_AID", "DEFAULT_DA_VERSION", "DEFAULT_SHELL"]) == [
        "JIMENG_US_BSE_URL is not a setting; did you mean JIMENG_US_BASE_URL?"
    ]


def test_overridden_settings_count_inside_and_those_of_before_afterwards(tmp_path: Path) -> None:
    outer, inner, given = (Settings(_env_file=None, data_dir=tmp_path / name) for name in ("outer", "inner", "given"))
    use_settings(outer)
    with overridden_settings(inner):
        assert get_settings() is inner
        use_settings(given)
        assert get_settings() is given
    assert get_settings() is outer


def test_without_any_they_are_read_anew_and_those_for_jimeng_too(monkeypatch: pytest.MonkeyPatch) -> None:
    before = get_jimeng_settings()
    with overridden_settings():
        monkeypatch.setenv("EKONTE_PORT", "8765")
        monkeypatch.setenv("JIMENG_CN_AID", "77")
        assert get_settings().port == 8765
        assert get_jimeng_settings().jimeng_cn_aid == 77
    assert get_jimeng_settings() is before


def test_they_end_with_an_error_too() -> None:
    before = get_settings()
    with pytest.raises(ZeroDivisionError), overridden_settings(Settings(_env_file=None, port=1)):
        _ = 1 / 0
    assert get_settings() is before
