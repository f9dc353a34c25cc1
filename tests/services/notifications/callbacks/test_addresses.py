"""Which addresses callbacks may go to."""

import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from errors import BadInputError, ConfigurationError
from services.notifications.callbacks.addresses import (
    check_alert_webhook,
    check_callback_url,
    parse_address,
    receiver_of,
)
from services.notifications.callbacks.signing import secret_text
from settings import Settings, use_settings
from tests.changed_settings import change_settings

Resolve = Callable[[str, int], Awaitable[list[str]]]


def resolving(*addresses: str, error: Exception | None = None) -> Resolve:
    async def resolve(host: str, port: int) -> list[str]:
        if error is not None:
            raise error
        return list(addresses)

    return resolve


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Settings:
    chosen = Settings(_env_file=None, data_dir=tmp_path, allowed_private_hosts=("studio.internal", "other:8443"))
    use_settings(chosen)
    return chosen


async def refusal(url: str, *path: str, resolver: Resolve | None = None) -> BadInputError:
    with structlog.testing.capture_logs(), pytest.raises(BadInputError) as refused:
        await check_callback_url(url, *path, resolver=resolver or resolving("93.184.216.34"))
    return refused.value


async def test_no_address_and_one_on_the_public_internet_are_taken() -> None:
    await check_callback_url(None)
    await check_callback_url("https://studio.example/hooks?of=ekonte", resolver=resolving("93.184.216.34", "2606::1"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://studio.example/", "must begin with https://"),
        ("ftp://studio.example/", "must begin with https://"),
        ("studio.example/hooks", "must begin with https://"),
        ("", "must begin with https://"),
        ("https://mira:secret@studio.example/", "user name or password"),
        ("https:///hooks", "has no host"),
        ("https://studio.example:25/", "port must be 80, 443 or above 1024"),
        ("https://studio.example:0/", "port must be 80, 443 or above 1024"),
        ("https://studio.example/\n", "not a web address"),
        ("https://xn--/", "not a web address"),
        ("https://xn--a.example/", "not a web address"),
        ("https://[::1", "not a web address"),
        ("https://studio.example/" + "a" * 4096, "at most 4096 characters"),
    ],
)
async def test_what_is_no_callback_address_is_refused_with_its_path(url: str, words: str) -> None:
    error = await refusal(url)
    assert words in error.message
    assert error.path == ["input", "callbackUrl"]
    assert (await refusal(url, "input", "items", "callbackUrl")).path == ["input", "items", "callbackUrl"]


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("10.0.0.1",),
        ("192.168.1.7",),
        ("169.254.169.254",),
        ("100.64.0.1",),
        ("0.0.0.0",),
        ("::1",),
        ("fd00::1",),
        ("fe80::1",),
        ("::ffff:127.0.0.1",),
        ("64:ff9b::7f00:1",),
        ("93.184.216.34", "10.0.0.1"),
    ],
)
async def test_a_host_with_a_private_address_is_refused(addresses: tuple[str, ...]) -> None:
    error = await refusal("https://studio.example/", resolver=resolving(*addresses))
    assert "not on the public internet" in error.message
    assert not any(address in error.message for address in addresses)


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://0x7f.1/", "https://2130706433/"])
async def test_private_addresses_written_as_hosts_are_refused_however_they_are_written(url: str) -> None:
    with structlog.testing.capture_logs(), pytest.raises(BadInputError, match="not on the public internet"):
        await check_callback_url(url)


async def test_private_addresses_are_taken_of_listed_hosts_alone() -> None:
    await check_callback_url("https://studio.internal/", resolver=resolving("10.0.0.1"))
    await check_callback_url("https://other:8443/", resolver=resolving("10.0.0.1"))
    await refusal("https://other/", resolver=resolving("10.0.0.1"))


async def test_http_is_taken_where_the_settings_say_so() -> None:
    change_settings(allow_http_callbacks=True)
    await check_callback_url("http://studio.example/", resolver=resolving("93.184.216.34"))
    assert "https" in (await refusal("gopher://studio.example/")).message


async def test_a_name_that_does_not_exist_differs_from_a_name_service_that_is_away() -> None:
    nobody = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    away = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    assert "does not exist" in (await refusal("https://nowhere.example/", resolver=resolving(error=nobody))).message
    assert "try again" in (await refusal("https://nowhere.example/", resolver=resolving(error=away))).message
    late = await refusal("https://nowhere.example/", resolver=resolving(error=TimeoutError()))
    assert "try again" in late.message


def test_a_receiver_is_a_host_and_its_port(settings: Settings) -> None:
    assert receiver_of("https://Studio.Example./a") == receiver_of("https://studio.example:443/b")
    assert receiver_of("https://studio.example:8443/") == "studio.example:8443"
    assert receiver_of("https://例え.jp/") == "xn--r8jz45g.jp:443"
    assert str(parse_address("https://studio.example/a", settings)) == "https://studio.example/a"


# ---------------------------------------------------------------- the deployment's webhook


GOOD_SECRET = secret_text(b"a" * 32)


async def checked(settings: Settings, url: str | None, secret: str | None, resolver: Resolve) -> None:
    given = settings.model_copy(
        update={"alert_webhook_url": url, "alert_webhook_secret": None if secret is None else SecretStr(secret)}
    )
    with structlog.testing.capture_logs():
        await check_alert_webhook(given, resolver)


@pytest.mark.parametrize(
    ("url", "secret", "words"),
    [
        ("http://ops.example/", GOOD_SECRET, "EKONTE_ALERT_WEBHOOK_URL: A callback URL must begin with https://"),
        ("https://u:p@ops.example/", GOOD_SECRET, "EKONTE_ALERT_WEBHOOK_URL: "),
        ("https://private.example/", GOOD_SECRET, "EKONTE_ALERT_WEBHOOK_URL: .*public internet"),
        ("https://ops.example/", None, "EKONTE_ALERT_WEBHOOK_SECRET: must be set"),
        ("https://ops.example/", "whsec_c2hvcnQ=", "EKONTE_ALERT_WEBHOOK_SECRET: a secret is whsec_"),
    ],
)
async def test_a_webhook_of_the_deployment_that_cannot_be_used_stops_the_start(
    settings: Settings, url: str, secret: str | None, words: str
) -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return ["10.0.0.1" if host == "private.example" else "93.184.216.34"]

    with pytest.raises(ConfigurationError, match=words) as refused:
        await checked(settings, url, secret, resolver)
    assert "u:p" not in str(refused.value)


async def test_a_good_webhook_and_none_are_taken_and_a_name_that_is_away_stops_no_start(settings: Settings) -> None:
    away = resolving(error=socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"))
    await checked(settings, None, None, away)
    await checked(settings, "https://ops.example/alerts", GOOD_SECRET, resolving("93.184.216.34"))
    await checked(settings, "https://ops.example/alerts", GOOD_SECRET, away)
