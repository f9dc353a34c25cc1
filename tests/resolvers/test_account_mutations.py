"""Adding, changing, removing and asking about accounts, as callers do it."""

import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from errors import ConflictError, JobErrorCode
from models.accounts import Account, AccountCooldown, AccountUsage, UploadedInput
from models.database import now_ms
from models.enums import AccountStatus, AttemptOutcome, AttemptState, JobStatus, MediaKind, Site
from models.generation import Attempt
from models.jobs import IdempotencyKey, Job
from providers.pooled import FaultKind, UpstreamFaultError
from services.accounts.creating import create_accounts
from services.accounts.rules import AccountChanges, NewAccount
from services.accounts.sessions import open_session
from services.accounts.updating import update_accounts
from services.platform.events import accounts_topic, bus
from services.queries.accounts import today
from tests.account_factories import (
    ScriptedPool,
    install_pool,
    make_account,
    make_attempt,
    make_cooldown,
    make_generation_job,
)
from tests.factories import OTHER, OWNER
from tests.resolvers.asking import ask, execute, refused

pytestmark = pytest.mark.usefixtures("either_database")

FIELDS = (
    "id name provider type site status statusReason sessionHint priority maxConcurrent dailyImageLimit creditBalance"
)
FAILURES = "failures { path targetId code message } successCount failedCount"
CREATE = (
    "mutation ($input: CreateAccountsInput!) { createAccounts(input: $input)"
    f" {{ accounts {{ {FIELDS} }} {FAILURES} }} }}"
)
UPDATE = (
    "mutation ($input: UpdateAccountsInput!) { updateAccounts(input: $input)"
    f" {{ accounts {{ {FIELDS} }} {FAILURES} }} }}"
)
DELETE = f"mutation ($ids: [ID!]!) {{ deleteAccounts(ids: $ids) {{ deletedIds {FAILURES} }} }}"
SESSION = "fedcba9876543210fedcba9876543210"


def with_ids(name: str) -> str:
    return (
        f"mutation ($ids: [ID!]!) {{ {name}(ids: $ids) {{ accounts {{ {FIELDS} consecutiveFailures }} {FAILURES} }} }}"
    )


@pytest.fixture(autouse=True)
def pool(either_database: str, monkeypatch: pytest.MonkeyPatch) -> ScriptedPool:
    return install_pool(monkeypatch)


def given(session: str = SESSION, **values: Any) -> dict[str, Any]:
    return {"name": "Mei", "type": "DOMESTIC", "sessionId": session, **values}


async def create(*accounts: dict[str, Any], owner: str = OWNER, key: str | None = None) -> dict[str, Any]:
    answer = await ask(CREATE, owner, input={"accounts": list(accounts), "idempotencyKey": key})
    return answer["createAccounts"]  # type: ignore[no-any-return]


async def update(*accounts: dict[str, Any], owner: str = OWNER) -> dict[str, Any]:
    return (await ask(UPDATE, owner, input={"accounts": list(accounts)}))["updateAccounts"]  # type: ignore[no-any-return]


def refusals(payload: dict[str, Any]) -> list[tuple[list[str], str]]:
    assert payload["failedCount"] == len(payload["failures"])
    return [(failure["path"], failure["code"]) for failure in payload["failures"]]


async def versions() -> dict[int, int]:
    return {row.id: row.version for row in await Account.all()}


# ---------------------------------------------------------------- creating


async def test_an_account_is_added_with_its_defaults_and_its_session_sealed() -> None:
    with bus().listen([accounts_topic(OWNER)]) as listener:
        payload = await create(
            given(), given("us-0123456789abcdef", type="INTERNATIONAL", priority=5, dailyImageLimit=0)
        )
        assert await listener.next(5) == {accounts_topic(OWNER)}
    assert (payload["successCount"], payload["failures"]) == (2, [])
    mei, other = payload["accounts"]
    assert (mei["provider"], mei["site"], mei["status"], mei["sessionHint"]) == ("jimeng", "CN", "ACTIVE", "3210")
    assert (mei["priority"], mei["maxConcurrent"], mei["dailyImageLimit"]) == (100, 3, None)
    assert (other["site"], other["priority"], other["dailyImageLimit"]) == ("US", 5, 0)
    rows = await Account.all().order_by("id")
    assert [open_session(row.session_sealed) for row in rows] == [SESSION, "0123456789abcdef"]
    assert [row.global_id for row in rows] == [mei["id"], other["id"]]


async def test_each_is_created_or_refused_on_its_own_with_its_place() -> None:
    await create(given("there-already-1234"))
    payload = await create(
        given("good-session-0001"),
        given(name=" "),
        given(type=None),
        given("a b"),
        given("there-already-1234"),
        given("good-session-0001", name="again"),
        given(site="HK"),
        given(provider="nobody"),
        given(priority=-1),
        given("good-session-0002"),
    )
    assert [account["sessionHint"] for account in payload["accounts"]] == ["0001", "0002"]
    assert refusals(payload) == [
        (["accounts", "1", "name"], "BAD_USER_INPUT"),
        (["accounts", "2", "type"], "BAD_USER_INPUT"),
        (["accounts", "3", "sessionId"], "BAD_USER_INPUT"),
        (["accounts", "4", "sessionId"], "CONFLICT"),
        (["accounts", "5", "sessionId"], "CONFLICT"),
        (["accounts", "6", "site"], "BAD_USER_INPUT"),
        (["accounts", "7", "provider"], "BAD_USER_INPUT"),
        (["accounts", "8", "priority"], "BAD_USER_INPUT"),
    ]
    assert await Account.all().count() == 3


async def test_a_prefix_makes_no_second_account_of_a_session() -> None:
    await create(given("us-0123456789abcdef", type="INTERNATIONAL"))
    payload = await create(given("HK-0123456789abcdef", type="INTERNATIONAL"))
    assert refusals(payload) == [(["accounts", "0", "sessionId"], "CONFLICT")]


async def test_other_owners_learn_nothing_of_a_session() -> None:
    await create(given())
    assert (await create(given(), owner=OTHER))["successCount"] == 1


async def test_none_and_more_than_a_thousand_are_refused_as_a_whole() -> None:
    for accounts in ([], [given(f"session-number-{number}") for number in range(1001)]):
        error = await refused(CREATE, input={"accounts": accounts})
        assert (error.code, error.path) == ("BAD_USER_INPUT", ["input", "accounts"])
    assert await Account.all().count() == 0


async def test_a_thousand_are_added_at_once_in_order() -> None:
    payload = await create(*(given(f"session-number-{number}", name=str(number)) for number in range(1000)))
    assert payload["successCount"] == 1000
    assert [account["name"] for account in payload["accounts"]] == [str(number) for number in range(1000)]
    assert len(await versions()) == 1000


async def test_the_same_key_gives_the_same_answer_refusals_too() -> None:
    await create(given("there-already-1234"))
    wanted = [given(), given("there-already-1234"), given("a b"), given("us-abc-0123456789", type="INTERNATIONAL")]
    first = await create(*wanted, key="k")
    assert await create(*wanted, key="k") == first
    assert refusals(first) == [
        (["accounts", "1", "sessionId"], "CONFLICT"),
        (["accounts", "2", "sessionId"], "BAD_USER_INPUT"),
    ]
    assert await Account.all().count() == 3
    assert (await refused(CREATE, input={"accounts": [given()], "idempotencyKey": "k"})).code == "CONFLICT"
    assert SESSION not in json.dumps(await IdempotencyKey.all().values(), default=str)


async def test_what_was_made_under_a_key_and_deleted_is_not_given_again() -> None:
    first = await create(given(), key="k")
    await ask(DELETE, ids=[first["accounts"][0]["id"]])
    again = await create(given(), key="k")
    assert (again["accounts"], refusals(again)) == ([], [(["accounts", "0"], "CONFLICT")])
    assert await Account.filter(deleted_at__isnull=True).count() == 0


async def test_many_who_add_one_session_at_once_make_one_account() -> None:
    payloads = await asyncio.gather(*(create(given(), given(f"own-session-{n}-abc")) for n in range(6)))
    assert sum(payload["successCount"] for payload in payloads) == 7
    assert await Account.all().count() == 7


async def test_two_at_once_under_one_key_get_one_answer() -> None:
    one, two = await asyncio.gather(*(create(given(), key="k") for _ in range(2)))
    assert one == two
    assert await Account.all().count() == 1


# ---------------------------------------------------------------- changing


async def test_what_is_given_changes_and_all_else_stays() -> None:
    account = await make_account(daily_image_limit=5, daily_video_limit=6)
    before = account.version
    payload = await update({"id": account.global_id, "name": "Yuki", "priority": 1, "dailyImageLimit": None})
    assert payload["accounts"][0]["name"] == "Yuki"
    row = await Account.get(id=account.id)
    assert (row.name, row.priority, row.daily_image_limit, row.daily_video_limit) == ("Yuki", 1, None, 6)
    assert (row.version, row.session_hash, row.site) == (before + 1, account.session_hash, Site.CN)
    assert (await update({"id": account.global_id}))["successCount"] == 1
    assert (await Account.get(id=account.id)).version == before + 1


async def test_another_session_is_another_account_upstream() -> None:
    account = await make_account(credit_balance=9, received_day="2026-01-01", consecutive_failures=2)
    await UploadedInput.create(account_id=account.id, sha256="a" * 64, uri="x")
    payload = await update({"id": account.global_id, "type": "INTERNATIONAL", "sessionId": f"jp-{SESSION}"})
    assert (payload["accounts"][0]["site"], payload["accounts"][0]["sessionHint"]) == ("JP", "3210")
    row = await Account.get(id=account.id)
    assert (open_session(row.session_sealed), row.credit_balance, row.received_day) == (SESSION, None, None)
    assert await UploadedInput.all().count() == 0


async def test_changes_that_cannot_be_are_refused_one_by_one_and_change_nothing() -> None:
    account, taken = await make_account(), await make_account(session="taken-session-123")
    theirs, gone = await make_account(OTHER), await make_account()
    await ask(DELETE, ids=[gone.global_id])
    before = await versions()
    cases: list[tuple[dict[str, Any], list[str], str]] = [
        ({"status": "BANNED"}, ["status"], "BAD_USER_INPUT"),
        ({"site": "US"}, ["site"], "BAD_USER_INPUT"),
        ({"name": ""}, ["name"], "BAD_USER_INPUT"),
        ({"maxConcurrent": 0}, ["maxConcurrent"], "BAD_USER_INPUT"),
        ({"dailyVideoLimit": -1}, ["dailyVideoLimit"], "BAD_USER_INPUT"),
        ({"sessionId": "taken-session-123"}, ["sessionId"], "CONFLICT"),
        ({"sessionId": "a;b"}, ["sessionId"], "BAD_USER_INPUT"),
    ]
    for change, path, code in cases:
        assert refusals(await update({"id": account.global_id, **change})) == [(["accounts", "0", *path], code)]
    for stranger in (theirs.global_id, gone.global_id, "acct_1", "job_1", "nonsense"):
        payload = await update({"id": stranger, "name": "mine"})
        assert refusals(payload) == [(["accounts", "0"], "NOT_FOUND")]
        assert payload["failures"][0]["targetId"] == stranger
    assert await versions() == before
    twice = await update({"id": taken.global_id, "priority": 1}, {"id": taken.global_id, "priority": 2})
    assert refusals(twice) == [(["accounts", "1", "id"], "BAD_USER_INPUT")]
    assert (await Account.get(id=taken.id)).priority == 1


async def test_active_again_forgets_why_it_was_not_and_how_often_it_failed() -> None:
    account = await make_account(status=AccountStatus.BANNED, status_reason="Punished.", consecutive_failures=4)
    await update({"id": account.global_id, "status": "ACTIVE"})
    row = await Account.get(id=account.id)
    assert (row.status, row.status_reason, row.consecutive_failures) == (AccountStatus.ACTIVE, None, 0)


async def test_an_account_that_is_taken_out_gives_back_what_was_not_submitted() -> None:
    account = await make_account()
    attempt = await make_attempt(account)
    payload = await update({"id": account.global_id, "status": "INACTIVE"})
    assert payload["accounts"][0]["statusReason"] == "Deactivated by its owner."
    assert (await Attempt.get(id=attempt.id)).state is AttemptState.ENDED
    assert (await Job.get(id=attempt.job_id)).status is JobStatus.PENDING


async def test_two_accounts_that_are_given_one_session_at_once() -> None:
    one, two = await make_account(), await make_account()
    outcomes = await asyncio.gather(
        *(update_accounts(OWNER, [AccountChanges(account.id, session=SESSION)]) for account in (one, two))
    )
    errors = [outcome.error for (outcome,) in outcomes if outcome.error is not None]
    assert [type(error) for error in errors] == [ConflictError]
    assert len({row.session_hash for row in await Account.all()}) == 2


async def test_ten_changes_at_once_all_hold() -> None:
    account = await make_account()
    changes = [{"name": "Yuki"}, {"priority": 7}, {"max_concurrent": 9}, {"daily_image_limit": 3}]
    await asyncio.gather(*(update_accounts(OWNER, [AccountChanges(account.id, **change)]) for change in changes))  # type: ignore[arg-type]
    row = await Account.get(id=account.id)
    assert (row.name, row.priority, row.max_concurrent, row.daily_image_limit) == ("Yuki", 7, 9, 3)
    assert row.version == account.version + 4


# ---------------------------------------------------------------- deleting


async def test_a_deleted_account_is_gone_and_its_session_may_come_again() -> None:
    account, theirs = await make_account(session=SESSION), await make_account(OTHER)
    payload = (await ask(DELETE, ids=[account.global_id, theirs.global_id, "nonsense", account.global_id]))[
        "deleteAccounts"
    ]
    assert payload["deletedIds"] == [account.global_id]
    assert refusals(payload) == [(["ids", "1"], "NOT_FOUND"), (["ids", "2"], "NOT_FOUND")]
    assert (await ask("query ($id: ID!) { account(id: $id) { id } node(id: $id) { id } }", id=account.global_id)) == {
        "account": None,
        "node": None,
    }
    assert (await Account.get(id=theirs.id)).deleted_at is None
    assert (await create(given()))["successCount"] == 1
    assert refusals((await ask(DELETE, ids=[account.global_id]))["deleteAccounts"]) == [(["ids", "0"], "NOT_FOUND")]


async def test_what_was_not_submitted_moves_on_and_what_was_stays() -> None:
    account, other = await make_account(), await make_account()
    placed, sent = await make_attempt(account), await make_attempt(account, state=AttemptState.SENT)
    draining = await make_attempt(account, await make_generation_job(status=JobStatus.CANCELED), is_draining=True)
    elsewhere = await make_attempt(other)
    cooldown = await make_cooldown(account, seconds=-1)
    await AccountCooldown.filter(id=cooldown.id).update(probe_attempt_id=placed.id)
    await ask(DELETE, ids=[account.global_id])
    ended = await Attempt.get(id=placed.id)
    assert (ended.state, ended.outcome, ended.due_at_ms) == (AttemptState.ENDED, AttemptOutcome.SWITCHED, None)
    assert ended.released_at_ms is not None
    assert ended.lease_epoch == placed.lease_epoch + 1
    assert ended.error["code"] == JobErrorCode.NO_ACCOUNT.value
    job = await Job.get(id=placed.job_id)
    assert job.status is JobStatus.PENDING
    assert job.due_at_ms is not None
    assert job.due_at_ms <= await now_ms()
    assert (await Attempt.get(id=draining.id)).outcome is AttemptOutcome.CANCELED
    assert (await Job.get(id=draining.job_id)).status is JobStatus.CANCELED
    for untouched in (sent, elsewhere):
        row = await Attempt.get(id=untouched.id)
        assert (row.state, row.released_at_ms, row.lease_epoch) == (untouched.state, None, untouched.lease_epoch)
        assert (await Job.get(id=untouched.job_id)).status is JobStatus.RUNNING
    assert (await AccountCooldown.get(id=cooldown.id)).probe_attempt_id is None


async def test_a_change_and_a_deletion_at_once_leave_a_deleted_account() -> None:
    account = await make_account()
    await asyncio.gather(
        update({"id": account.global_id, "name": "Yuki"}),
        ask(DELETE, ids=[account.global_id]),
        update({"id": account.global_id, "status": "ACTIVE"}),
    )
    assert (await Account.get(id=account.id)).deleted_at is not None
    assert refusals(await update({"id": account.global_id, "name": "late"})) == [(["accounts", "0"], "NOT_FOUND")]
    assert (await Account.get(id=account.id)).name != "late"


# ---------------------------------------------------------------- resetting, checking, receiving


async def test_a_reset_gives_a_fresh_start_and_leaves_the_rest() -> None:
    account = await make_account(
        image_exhausted_until_ms=2**50, video_exhausted_until_ms=2**50, consecutive_failures=3, credit_balance=4
    )
    other = await make_account(image_exhausted_until_ms=2**50)
    await make_cooldown(account)
    await make_cooldown(other)
    for day, of in ((today(), account), ("2020-01-01", account), (today(), other)):
        await AccountUsage.create(account_id=of.id, kind=MediaKind.IMAGE, day=day, count=8, credits=8)
    document = with_ids("resetAccounts").replace(
        "creditBalance", "creditBalance imageCount imageAvailability cooldowns { reason }"
    )
    payload = (await ask(document, ids=[account.global_id, "acct_5"]))["resetAccounts"]
    (shown,) = payload["accounts"]
    assert (shown["imageCount"], shown["imageAvailability"], shown["cooldowns"]) == (0, "AVAILABLE", [])
    assert (shown["consecutiveFailures"], shown["creditBalance"]) == (0, 4)
    assert refusals(payload) == [(["ids", "1"], "NOT_FOUND")]
    assert (await Account.get(id=other.id)).image_exhausted_until_ms == 2**50
    assert await AccountCooldown.all().count() == 1
    assert sorted(row.count for row in await AccountUsage.all()) == [0, 8, 8]


def fault(kind: FaultKind, message: str = "Upstream said no.") -> UpstreamFaultError:
    return UpstreamFaultError(kind, JobErrorCode.API_ERROR, message)


async def test_a_check_stores_what_upstream_says_of_each(pool: ScriptedPool) -> None:
    names = ["fine", "ended", "punished", "limited", "broken", "bug"]
    accounts = {name: await make_account(session=f"session-{name}", name=name) for name in names}
    attempt = await make_attempt(accounts["ended"])
    pool.balances["session-fine"] = 120
    pool.alive["session-ended"] = False
    pool.alive["session-punished"] = fault(FaultKind.PUNISHED, "The account is punished.")
    pool.balances["session-limited"] = fault(FaultKind.RATE_LIMIT)
    pool.alive["session-broken"] = fault(FaultKind.UPSTREAM_FAULT)
    pool.alive["session-bug"] = RuntimeError("a fault of our own with session-bug")
    before = {name: account.version for name, account in accounts.items()}
    payload = (await ask(with_ids("checkAccounts"), ids=[account.global_id for account in accounts.values()]))[
        "checkAccounts"
    ]
    shown = {account["name"]: account for account in payload["accounts"]}
    assert (shown["fine"]["creditBalance"], shown["fine"]["status"]) == (120, "ACTIVE")
    assert (shown["ended"]["status"], shown["punished"]["status"]) == ("INACTIVE", "BANNED")
    assert shown["punished"]["statusReason"] == "The account is punished."
    assert refusals(payload) == [
        (["ids", "3"], "RATE_LIMITED"),
        (["ids", "4"], "PROVIDER_FAILED"),
        (["ids", "5"], "PROVIDER_FAILED"),
    ]
    assert "session-bug" not in json.dumps(payload)
    for name in ("broken", "bug"):
        row = await Account.get(id=accounts[name].id)
        assert (row.status, row.version, row.checked_at) == (AccountStatus.ACTIVE, before[name], None)
    cooldown = await AccountCooldown.get()
    assert (cooldown.account_id, cooldown.kind, cooldown.model) == (accounts["limited"].id, "", "")
    assert (await Account.get(id=accounts["fine"].id)).checked_at is not None
    assert (await Job.get(id=attempt.job_id)).status is JobStatus.PENDING


async def test_a_banned_account_whose_session_has_ended_stays_banned(pool: ScriptedPool) -> None:
    account = await make_account(session=SESSION, status=AccountStatus.BANNED, status_reason="Punished.")
    pool.alive[SESSION] = False
    payload = (await ask(with_ids("checkAccounts"), ids=[account.global_id]))["checkAccounts"]
    assert [(shown["status"], shown["statusReason"]) for shown in payload["accounts"]] == [("BANNED", "Punished.")]


async def test_what_upstream_says_of_a_former_session_is_not_stored(
    pool: ScriptedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await make_account(session="former-session-1")

    async def changed_meanwhile(*_: object, **__: object) -> int:
        await update_accounts(OWNER, [AccountChanges(account.id, session=SESSION)])
        return 500

    monkeypatch.setattr(pool, "credit_balance", changed_meanwhile)
    await ask(with_ids("checkAccounts"), ids=[account.global_id])
    assert (await Account.get(id=account.id)).credit_balance is None


async def test_credits_are_received_once_a_day_and_the_balance_follows(pool: ScriptedPool) -> None:
    account, theirs = await make_account(session=SESSION), await make_account(OTHER)
    pool.gifts[SESSION], pool.balances[SESSION] = 60, 126
    payload = (await ask(with_ids("receiveCredits"), ids=[account.global_id, theirs.global_id]))["receiveCredits"]
    assert [shown["creditBalance"] for shown in payload["accounts"]] == [126]
    assert refusals(payload) == [(["ids", "1"], "NOT_FOUND")]
    assert (await Account.get(id=account.id)).received_day == today()
    assert [credential.account_id for credential in pool.asked] == [account.id]


async def test_a_session_that_is_refused_once_when_credits_are_received_is_looked_at_again(pool: ScriptedPool) -> None:
    account = await make_account(session=SESSION)
    pool.gifts[SESSION] = UpstreamFaultError(FaultKind.SESSION_EXPIRED, JobErrorCode.AUTH_FAILED, "Not accepted.")
    pool.balances[SESSION] = 40
    payload = (await ask(with_ids("receiveCredits"), ids=[account.global_id]))["receiveCredits"]
    assert "accepts it at a second look" in payload["failures"][0]["message"]
    row = await Account.get(id=account.id)
    assert (row.status, row.credit_balance, row.received_day) == (AccountStatus.ACTIVE, 40, None)
    pool.alive[SESSION] = False
    payload = (await ask(with_ids("receiveCredits"), ids=[account.global_id]))["receiveCredits"]
    assert "INACTIVE now" in payload["failures"][0]["message"]
    assert (await Account.get(id=account.id)).status is AccountStatus.INACTIVE


@pytest.mark.parametrize("name", ["checkAccounts", "receiveCredits"])
async def test_more_than_fifty_are_not_asked_about(name: str, pool: ScriptedPool) -> None:
    error = await refused(with_ids(name), ids=[f"acct_{number}" for number in range(1, 52)])
    assert (error.code, error.path) == ("BAD_USER_INPUT", ["ids"])
    assert pool.asked == []


# ---------------------------------------------------------------- secrets


async def test_a_session_is_in_no_answer_no_log_and_no_error(pool: ScriptedPool) -> None:
    pool.alive[SESSION] = RuntimeError("broken")
    with capture_logs() as logs:
        answers = [await create(given()), await create(given())]
        account_id = answers[0]["accounts"][0]["id"]
        answers.append(await update({"id": account_id, "sessionId": SESSION, "site": "US"}))
        answers.append(await ask(with_ids("checkAccounts"), ids=[account_id]))
        result = await execute("{ accounts { nodes { sessionId } } }")
        outcomes = await create_accounts(OWNER, [NewAccount("Mei", SESSION)], None)
    shown = json.dumps(answers) + repr(logs) + str(result.errors) + repr(outcomes)
    assert SESSION not in shown
    assert SESSION[:-4] not in shown
