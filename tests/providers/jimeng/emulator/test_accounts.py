"""Credits, daily credits, the account check, and accounts that may not generate."""

import json
from datetime import UTC, datetime

import pytest

from providers.jimeng.emulator.accounts import Account, account_from
from tests.providers.jimeng.emulator.asking import CREDIT, RECEIVE, Emulated
from tests.providers.jimeng.emulator.conftest import MakeEmulated

PASSPORT = "/passport/account/info/v2"
ZONE = {"time_zone": "Asia/Shanghai"}


async def test_credit_comes_in_the_envelope_of_the_commerce_hosts(make: MakeEmulated) -> None:
    emulated = make(Account("one", gift_credit=60, purchase_credit=5, vip_credit=7))
    answer = await emulated.ask(CREDIT, {}, query={"aid": None, "region": None, "device_platform": None})
    assert answer["data"] == {"credit": {"gift_credit": 60, "purchase_credit": 5, "vip_credit": 7}}
    assert json.loads(answer["response"]) == answer["data"]
    assert answer["systime"] == "1795000000000"
    assert answer["log_id"]
    assert answer["sign"]
    assert "logid" not in answer


async def test_the_gift_comes_once_a_day(make: MakeEmulated) -> None:
    emulated = make(Account("one", gift_credit=0, daily_gift=60))
    answer = await emulated.ask(RECEIVE, ZONE)
    assert (answer["ret"], answer["data"]["receive_quota"], answer["data"]["cur_total_credits"]) == ("0", 60, 60)
    assert answer["data"]["is_first_receive"]
    again = await emulated.ask(RECEIVE, ZONE)
    assert (again["ret"], again["data"]["receive_quota"]) == ("34010100", 0)
    assert await emulated.credit() == 60
    emulated.time += 24 * 3600
    assert (await emulated.ask(RECEIVE, ZONE))["data"]["receive_quota"] == 60
    assert await emulated.credit() == 120


async def test_the_day_ends_at_midnight_in_shanghai(make: MakeEmulated) -> None:
    emulated = make(Account("one", gift_credit=0))
    emulated.time = datetime(2026, 11, 20, 15, 59, tzinfo=UTC).timestamp()  # 23:59 there
    assert (await emulated.ask(RECEIVE, ZONE))["ret"] == "0"
    emulated.time += 59
    assert (await emulated.ask(RECEIVE, ZONE))["ret"] != "0"
    emulated.time += 2
    assert (await emulated.ask(RECEIVE, ZONE))["ret"] == "0"


async def test_the_history_of_credit_names_submits(emulated: Emulated) -> None:
    await emulated.ask(RECEIVE, ZONE)
    for _ in range(3):
        await emulated.submitted()
    path = "/commerce/v1/benefits/user_credit_history"
    page = (await emulated.ask(path, {"count": 2, "cursor": "0", "history_type": 2}))["data"]
    assert [record["amount"] for record in page["records"]] == [16, 16]
    assert page["has_more"]
    rest = (await emulated.ask(path, {"count": 20, "cursor": page["new_cursor"], "history_type": 2}))["data"]
    assert (len(rest["records"]), rest["has_more"], rest["total_credit"]) == (1, False, 1060 - 48)
    ledger = (await emulated.control("ledger"))["tasks"]
    shown = [record["submit_id"] for record in [*page["records"], *rest["records"]]]
    assert shown == [entry["submit_id"] for entry in reversed(ledger)]


@pytest.mark.parametrize(("site", "status"), [("CN", 200), ("US", 200), ("HK", 404), ("JP", 404), ("SG", 404)])
async def test_the_token_check_is_missing_on_some_sites(make: MakeEmulated, site: str, status: int) -> None:
    emulated = make(Account("one", site))
    response = await emulated.post(PASSPORT, site=site, query={"account_sdk_source": "web"})
    assert response.status_code == status
    if status == 200:
        assert response.json()["data"]["user_id"]
        assert "ret" not in response.json()
    else:
        assert response.headers["content-type"].startswith("text/html")


async def test_an_expired_session_is_refused_everywhere(emulated: Emulated) -> None:
    history_id = await emulated.submitted()
    await emulated.control("accounts", {"session": "one", "state": "EXPIRED"})
    assert (await emulated.ask(CREDIT, {}))["ret"] == "1015"
    assert (await emulated.ask(PASSPORT, query={"account_sdk_source": "web"}))["ret"] == "1015"
    assert (await emulated.submit())["ret"] == "1015"
    await emulated.control("accounts", {"session": "one", "state": "GOOD"})
    assert await emulated.record(history_id) is not None


@pytest.mark.parametrize(("state", "ret"), [("PUNISHED", "1018"), ("UNCONFIRMED", "4010")])
async def test_some_accounts_may_look_and_not_generate(make: MakeEmulated, state: str, ret: str) -> None:
    emulated = make(Account("one", state=state))
    assert await emulated.credit() == 1000
    assert (await emulated.submit())["ret"] == ret
    assert await emulated.credit() == 1000


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"session": ""},
        {"session": "x", "site": "FR"},
        {"session": "x", "state": "ILL"},
        {"session": "x", "gift_credit": -1},
        {"session": "x", "image_limit": True},
        {"session": "x", "colour": "red"},
    ],
)
def test_an_account_that_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        account_from(values)
