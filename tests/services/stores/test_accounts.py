"""The store of accounts: what each change of status writes, and what it leaves."""

import asyncio
from typing import Any

import pytest

from models.accounts import Account, AccountCooldown
from models.database import transaction
from models.enums import ACCOUNT_TRANSITIONS, AccountStatus, MediaKind
from services.platform.events import accounts_topic, bus
from services.stores import account_cooldowns, accounts
from services.stores.transitions import ForbiddenTransitionError
from tests.account_factories import make_account
from tests.factories import OWNER
from tests.statements import counted_statements

ACTIVE, INACTIVE, BANNED = AccountStatus
LONG_AGO = "2020-01-01T00:00:00Z"


async def columns(account: Account) -> dict[str, Any]:
    rows: list[dict[str, Any]] = await Account.filter(id=account.id).values()
    return rows[0]


def test_an_account_may_change_between_any_two_statuses() -> None:
    """Upstream takes it out, its owner takes it out and in, and asking about one that is out can show a punishment."""
    assert {(old, new) for old, allowed in ACCOUNT_TRANSITIONS.items() for new in allowed} == {
        (ACTIVE, INACTIVE),
        (ACTIVE, BANNED),
        (INACTIVE, ACTIVE),
        (INACTIVE, BANNED),
        (BANNED, ACTIVE),
        (BANNED, INACTIVE),
    }


async def test_every_change_of_the_table_is_written_and_every_other_refused(either_database: str) -> None:
    for old in AccountStatus:
        for new in AccountStatus:
            account = await make_account(status=old)
            before = await columns(account)
            if new not in ACCOUNT_TRANSITIONS[old]:
                with pytest.raises(ForbiddenTransitionError):
                    await accounts.transition(account.id, to=new, expected=[old])
                assert await columns(account) == before
                continue
            row = await accounts.transition(account.id, to=new, expected=[old], status_reason="Why.")
            assert row == {"id": account.id, "owner": OWNER, "name": account.name, "deleted_at": None}
            after = await Account.get(id=account.id)
            assert (after.status, after.status_reason, after.version) == (new, "Why.", account.version + 1)


@pytest.mark.parametrize("other", [{"status": INACTIVE}, {"session_hash": "another"}])
async def test_an_account_that_has_changed_meanwhile_stays_as_it_is(database: None, other: dict[str, Any]) -> None:
    account = await make_account()
    await Account.filter(id=account.id).update(**other)
    before = await columns(account)
    changed = await accounts.transition(
        account.id, to=BANNED, expected=[ACTIVE], session_hash=account.session_hash, status_reason="Why."
    )
    assert changed is None
    assert not await accounts.confirm_status(account, "Why.")
    assert await columns(account) == before


async def test_of_two_changes_of_the_same_reading_one_is_written(either_database: str) -> None:
    account = await make_account()
    outcomes = await asyncio.gather(
        *(transaction(lambda name=name: accounts.change(account, {"name": name})) for name in ("a", "b"))  # type: ignore[misc]
    )
    assert sorted(outcomes) == [False, True]
    assert (await Account.get(id=account.id)).version == account.version + 1


async def test_a_deleted_account_is_changed_no_more(database: None) -> None:
    account = await make_account()
    assert await accounts.mark_deleted(OWNER, [account.id]) == {account.id}
    deleted = await Account.get(id=account.id)
    before = await columns(account)
    assert await accounts.mark_deleted(OWNER, [account.id]) == set()
    assert await accounts.reset(OWNER, [account.id]) == set()
    assert not await accounts.change(deleted, {"name": "Another"})
    assert await columns(account) == before


async def test_only_accounts_that_are_active_and_there_are_locked(either_database: str) -> None:
    made = [await make_account(), await make_account(status=INACTIVE), await make_account(deleted_at=LONG_AGO)]
    with counted_statements() as statements:
        assert await accounts.lock_active([account.id for account in made]) == [made[0].id]
    assert len(statements) == 1
    assert [(await Account.get(id=account.id)).last_used_at is not None for account in made] == [True, False, False]


async def test_followers_are_notified_of_visible_changes_only(database: None) -> None:
    account = await make_account()
    with bus().listen([accounts_topic(OWNER)]) as listener:
        assert await accounts.claim_receiving(5, "2026-01-01") == []
        await accounts.want_credits([account.id])
        assert await accounts.claim_receiving(5, "2026-01-01") == [account.id]
        assert await accounts.claim_receiving(5, "2026-01-01") == []
        assert await listener.next(0.0) == set()
        await accounts.exhaust(account.id, MediaKind.VIDEO, 7)
        assert await listener.next(5) == {accounts_topic(OWNER)}
    assert (await Account.get(id=account.id)).video_exhausted_until_ms == 7


async def test_credits_that_were_received_since_they_were_wanted_are_not_received_again(either_database: str) -> None:
    account = await make_account()
    await accounts.want_credits([account.id])
    await accounts.set_received_day(account, "2026-01-01")
    assert await accounts.claim_receiving(5, "2026-01-01") == []
    present = await Account.get(id=account.id)
    assert (present.received_day, present.credits_due_at_ms) == ("2026-01-01", None)
    await accounts.want_credits([account.id])
    assert await accounts.claim_receiving(5, "2026-01-02") == [account.id]


async def test_callers_that_race_receive_an_accounts_credits_once(either_database: str) -> None:
    account = await make_account()
    await accounts.want_credits([account.id])
    claimed = await asyncio.gather(*(accounts.claim_receiving(5, "2026-01-01") for _ in range(6)))
    assert sorted(claimed) == [[], [], [], [], [], [account.id]]


async def test_a_cooldown_is_never_shortened_and_loses_its_probe(either_database: str) -> None:
    account = await make_account()
    await account_cooldowns.write(account.id, "IMAGE", "", seconds=900, step=1, reason="Too fast.")
    first = await _cooldown(account)
    await account_cooldowns.set_probe(5, account.id, "IMAGE", "")
    await account_cooldowns.set_probe(6, account.id, "IMAGE", "")
    assert (await _cooldown(account)).probe_attempt_id == 5
    await account_cooldowns.write(account.id, "IMAGE", "", seconds=2, step=2, reason="Again.")
    second = await _cooldown(account)
    assert (second.until_ms, second.step, second.reason, second.probe_attempt_id) == (first.until_ms, 2, "Again.", None)


async def _cooldown(account: Account) -> AccountCooldown:
    return await AccountCooldown.get(account_id=account.id)
