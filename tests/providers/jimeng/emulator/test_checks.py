"""Required parameters of every call, and refusals without them."""

from collections.abc import Mapping

import pytest

from providers.jimeng.emulator.accounts import Account
from providers.jimeng.emulator.answers import Refusal
from providers.jimeng.emulator.checks import check_sign, session_of
from tests.providers.jimeng.emulator.asking import CREDIT, GENERATE, HISTORY, PICTURE, START, Emulated, body_of
from tests.providers.jimeng.emulator.conftest import MakeEmulated

VECTORS = {
    "/mweb/v1/aigc_draft/generate": "a29e0b750501aa30af81fd309a15ceca",
    "/mweb/v1/get_history_by_ids": "89fc65c93b50132b5eded79da14f0c14",
    "/commerce/v1/benefits/user_credit": "f3f7a12f5f13aca1846fe2ea4fd8a65e",
    "/mweb/v1/get_upload_token": "1b29032d7ce81e3017668ac5c1923e78",
    "/passport/account/info/v2": "50ae3799a22d985399d1cafbd651cc3a",
}


def _signed(sign: str) -> dict[str, str]:
    fixed = {"device-time": "1700000000", "appvr": "8.4.0", "pf": "7", "sign-ver": "1", "tdid": ""}
    return {**fixed, "sign": sign}


@pytest.mark.parametrize(("path", "sign"), VECTORS.items())
def test_signs_that_are_known_to_be_right_pass(path: str, sign: str) -> None:
    check_sign(path, _signed(sign), now=1_700_000_000, tolerance_seconds=300)


def test_the_sign_of_another_path_is_refused() -> None:
    with pytest.raises(Refusal, match="1014"):
        check_sign("/mweb/v1/get_upload_token", _signed(VECTORS[GENERATE]), now=1_700_000_000, tolerance_seconds=300)


@pytest.mark.parametrize(
    ("headers", "query", "ret"),
    [
        ({"Sign": "0" * 32}, {}, "1014"),
        ({"Sign": None}, {}, "1014"),
        ({"Device-Time": None}, {}, "1014"),
        ({"Device-Time": str(int(START) - 301)}, {}, "1014"),
        ({"Appvr": "8.5.0"}, {}, "1014"),  # differs from the signed value
        ({"Sign-Ver": "2"}, {}, "1014"),
        ({"Tdid": None}, {}, "1014"),
        ({"Cookie": None}, {}, "1015"),
        ({"Cookie": "sessionid=nobody"}, {}, "1015"),
        ({"Cookie": "sid_tt=one"}, {}, "1015"),
        ({"Appid": "513641"}, {}, "1000"),
        ({"Loc": "us"}, {}, "1000"),
        ({"Loc": None}, {}, "1000"),
        ({}, {"aid": "513641"}, "1000"),
        ({}, {"region": "US"}, "1000"),
        ({}, {"aid": None}, "1000"),
        ({"Content-Type": "text/plain"}, {}, "1000"),
    ],
)
async def test_a_call_that_lacks_something_is_refused(
    emulated: Emulated, headers: Mapping[str, str | None], query: Mapping[str, str | None], ret: str
) -> None:
    before = await emulated.credit()
    for path, body in ((GENERATE, body_of(PICTURE)), (HISTORY, {"history_ids": ["1"]})):
        answer = await emulated.ask(path, body, headers=headers, query=query)
        assert answer["ret"] == ret
        assert answer["errmsg"]
    assert await emulated.credit() == before
    assert (await emulated.control("ledger"))["tasks"] == []


async def test_a_device_time_of_less_than_five_minutes_ago_passes(emulated: Emulated) -> None:
    headers = emulated.headers(CREDIT, "one", "CN")
    emulated.time += 299
    assert (await emulated.ask(CREDIT, {}, headers=headers))["ret"] == "0"
    emulated.time += 2
    assert (await emulated.ask(CREDIT, {}, headers=headers))["ret"] == "1014"


async def test_old_versions_are_refused_at_submit_alone(emulated: Emulated) -> None:
    answer = await emulated.ask(GENERATE, body_of(PICTURE), query={"da_version": "3.3.2"})
    assert (answer["ret"], answer["errmsg"]) == ("3018", "permission denied")
    assert answer["data"]["aigc_data"] is None
    assert (await emulated.ask(CREDIT, {}, query={"da_version": "3.3.2"}))["ret"] == "0"
    assert (await emulated.ask(GENERATE, body_of(PICTURE), query={"da_version": "3.3.10"}))["ret"] == "0"


async def test_an_account_of_another_site_is_refused(make: MakeEmulated) -> None:
    emulated = make(Account("one", "CN"), Account("two", "US"))
    assert (await emulated.ask(CREDIT, {}, session="two", site="CN"))["ret"] == "1015"
    assert (await emulated.ask(CREDIT, {}, session="one", site="US"))["ret"] == "1015"
    assert (await emulated.ask(CREDIT, {}, session="two", site="US"))["ret"] == "0"


@pytest.mark.parametrize("site", ["CN", "US", "HK", "JP", "SG"])
async def test_every_site_takes_tasks(make: MakeEmulated, site: str) -> None:
    emulated = make(Account("one", site))
    assert await emulated.submitted(site=site)


def test_the_session_is_read_from_among_other_cookies() -> None:
    cookie = "_tea_web_id=1; sid_guard=abc%7C1%7C5184000%7CMon%2C+03-Feb-2025; sid_tt=x; sessionid=abc; sessionid_ss=y"
    assert session_of({"cookie": cookie}) == "abc"
    assert session_of({"cookie": "sessionid="}) is None
    assert session_of({}) is None
