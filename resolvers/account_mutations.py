"""Adding, changing and removing accounts, and asking upstream about them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import strawberry

from resolvers.ids import number_of
from resolvers.mutating import key_for
from schema.accounts import (
    Account,
    AccountChangesInput,
    AccountsPayload,
    CreateAccountsInput,
    CreateAccountsPayload,
    NewAccountInput,
    UpdateAccountsInput,
    UpdateAccountsPayload,
    failure,
)
from schema.context import Info
from schema.errors import DeletePayload, ItemFailure
from schema.fields import mutation
from schema.paging import given
from schema.places import missing
from services.accounts import checking, creating, removing, updating
from services.accounts.outcomes import MAX_ITEMS, Outcome
from services.accounts.rules import UNSET, AccountChanges, Limit, NewAccount
from services.platform.paging import check_id_count

Ids = Annotated[list[strawberry.ID], strawberry.argument(description=f"The accounts, at most {MAX_ITEMS}.")]
FewIds = Annotated[list[strawberry.ID], strawberry.argument(description="The accounts, at most 50.")]


def new_account(wanted: NewAccountInput) -> NewAccount:
    """What is not given, or null, has its default."""
    usual = NewAccount(name="", session="")
    return NewAccount(
        name=wanted.name,
        session=wanted.session_id,
        provider=usual.provider if wanted.provider is None else wanted.provider,
        type=given(wanted.type),
        site=given(wanted.site),
        priority=usual.priority if wanted.priority is None else wanted.priority,
        max_concurrent=usual.max_concurrent if wanted.max_concurrent is None else wanted.max_concurrent,
        daily_image_limit=given(wanted.daily_image_limit),
        daily_video_limit=given(wanted.daily_video_limit),
    )


def account_changes(wanted: AccountChangesInput) -> AccountChanges:
    return AccountChanges(
        account_id=number_of(wanted.id, "Account"),
        name=given(wanted.name),
        type=given(wanted.type),
        session=given(wanted.session_id),
        site=given(wanted.site),
        status=given(wanted.status),
        priority=given(wanted.priority),
        max_concurrent=given(wanted.max_concurrent),
        daily_image_limit=_limit(wanted.daily_image_limit),
        daily_video_limit=_limit(wanted.daily_video_limit),
    )


def _limit(wanted: int | None) -> Limit:
    return UNSET if wanted is strawberry.UNSET else wanted


def _accounts(outcomes: Sequence[Outcome]) -> list[Account]:
    return [Account.from_row(outcome.account) for outcome in outcomes if outcome.account is not None]


def _failures(outcomes: Sequence[Outcome], list_name: str, ids: Sequence[str | None]) -> list[ItemFailure]:
    return [
        failure(outcome.error, [list_name, str(index)], ids[index])
        for index, outcome in enumerate(outcomes)
        if outcome.error is not None
    ]


async def _with_each(
    info: Info, ids: Sequence[strawberry.ID], do: Callable[[str, list[int]], Awaitable[list[Outcome]]]
) -> AccountsPayload:
    """Does something with each account once. An id that is no account's fails as one that is not there."""
    check_id_count(ids, "ids")
    numbers = {global_id: number_of(global_id, "Account") for global_id in ids}
    known = [number for number in numbers.values() if number is not None]
    found = dict(zip(known, await do(info.context.owner, known), strict=True))
    info.context.forget()
    outcomes = {
        global_id: Outcome(error=missing("Account")) if number is None else found[number]
        for global_id, number in numbers.items()
    }
    failures = [
        failure(outcome.error, ["ids", str(ids.index(global_id))], global_id)
        for global_id, outcome in outcomes.items()
        if outcome.error is not None
    ]
    accounts = _accounts(list(outcomes.values()))
    return AccountsPayload(
        accounts=accounts, failures=failures, success_count=len(accounts), failed_count=len(failures)
    )


@strawberry.type
class AccountMutations:
    @mutation("Adds accounts, each created or refused on its own.")
    async def create_accounts(
        self,
        info: Info,
        input: Annotated[CreateAccountsInput, strawberry.argument(description="The accounts, 1 to 1000.")],
    ) -> CreateAccountsPayload:
        key = key_for(info, input.idempotency_key)
        wanted = [new_account(account) for account in input.accounts]
        outcomes = await creating.create_accounts(info.context.owner, wanted, key)
        info.context.forget()
        accounts, failures = _accounts(outcomes), _failures(outcomes, "accounts", [None] * len(outcomes))
        return CreateAccountsPayload(
            accounts=accounts, failures=failures, success_count=len(accounts), failed_count=len(failures)
        )

    @mutation("Changes accounts, each on its own.")
    async def update_accounts(
        self,
        info: Info,
        input: Annotated[UpdateAccountsInput, strawberry.argument(description="The accounts and their changes.")],
    ) -> UpdateAccountsPayload:
        changes = [account_changes(account) for account in input.accounts]
        outcomes = await updating.update_accounts(info.context.owner, changes)
        info.context.forget()
        accounts = _accounts(outcomes)
        failures = _failures(outcomes, "accounts", [account.id for account in input.accounts])
        return UpdateAccountsPayload(
            accounts=accounts, failures=failures, success_count=len(accounts), failed_count=len(failures)
        )

    @mutation("Logical deletion. What was submitted on the accounts finishes there; what was not moves to others.")
    async def delete_accounts(self, info: Info, ids: Ids) -> DeletePayload:
        check_id_count(ids, "ids")
        numbers = {global_id: number_of(global_id, "Account") for global_id in ids}
        known = [number for number in numbers.values() if number is not None]
        deleted = await removing.delete_accounts(info.context.owner, known)
        info.context.forget()
        gone = [global_id for global_id, number in numbers.items() if number in deleted]
        failures = [
            failure(missing("Account"), ["ids", str(ids.index(global_id))], global_id)
            for global_id, number in numbers.items()
            if number not in deleted
        ]
        return DeletePayload(deleted_ids=gone, failures=failures, success_count=len(gone), failed_count=len(failures))

    @mutation(
        "Makes image and video available again, zeroes today's counts, ends cooldowns, and moves the quota reset to "
        "tomorrow 00:30."
    )
    async def reset_accounts(self, info: Info, ids: Ids) -> AccountsPayload:
        return await _with_each(info, ids, removing.reset_accounts)

    @mutation("Asks upstream whether the sessions are alive and what their balances are. At most 50.")
    async def check_accounts(self, info: Info, ids: FewIds) -> AccountsPayload:
        return await _with_each(info, ids, checking.check_accounts)

    @mutation("Receives today's free credits upstream. At most 50.")
    async def receive_credits(self, info: Info, ids: FewIds) -> AccountsPayload:
        return await _with_each(info, ids, checking.receive_credits)
