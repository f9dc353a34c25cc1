"""Mutations that add, change, delete, reset and check accounts."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import strawberry

from errors import EkonteError, not_found
from resolvers.each_by_id import delete_each, each_by_id, failed, item_failure
from resolvers.fields import mutation
from resolvers.ids import number_of
from resolvers.keyed import Repeats
from resolvers.mutating import key_for
from schema.account_inputs import AccountChangesInput, CreateAccountsInput, NewAccountInput, UpdateAccountsInput
from schema.accounts import Account, AccountsPayload, CreateAccountsPayload, UpdateAccountsPayload
from schema.context import Info
from schema.errors import DeletePayload
from schema.fields import given
from services.accounts import checking, creating, removing, updating
from services.accounts.outcomes import MAX_ITEMS, Outcome
from services.accounts.rules import AccountChanges, Limit, NewAccount
from services.platform.not_given import NOT_GIVEN

Ids = Annotated[list[strawberry.ID], strawberry.argument(description=f"The accounts, at most {MAX_ITEMS}.")]
FewIds = Annotated[list[strawberry.ID], strawberry.argument(description="The accounts, at most 50.")]


def new_account(wanted: NewAccountInput) -> NewAccount:
    """A new account; fields not given, or null, have their defaults."""
    defaults = NewAccount(name="", session="")
    return NewAccount(
        name=wanted.name,
        session=wanted.session_id,
        provider=defaults.provider if wanted.provider is None else wanted.provider,
        type=given(wanted.type),
        site=given(wanted.site),
        priority=defaults.priority if wanted.priority is None else wanted.priority,
        max_concurrent=defaults.max_concurrent if wanted.max_concurrent is None else wanted.max_concurrent,
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
    return NOT_GIVEN if wanted is strawberry.UNSET else wanted


def _by_outcome(outcomes: Sequence[Outcome], ids: Sequence[str | None]) -> dict[str, Any]:
    """The payload fields for the outcomes of the items of `accounts`. ids: those of the items, if any."""
    accounts = [Account.from_row(outcome.account) for outcome in outcomes if outcome.account is not None]
    failures = [
        item_failure(outcome.error, ["accounts", str(index)], ids[index])
        for index, outcome in enumerate(outcomes)
        if outcome.error is not None
    ]
    return {
        "accounts": accounts,
        "failures": failures,
        "success_count": len(accounts),
        "failed_count": len(failures),
    }


async def _with_each(
    info: Info, ids: Sequence[strawberry.ID], do: Callable[[str, list[int]], Awaitable[list[Outcome]]]
) -> AccountsPayload:
    """Calls `do` once with all distinct accounts and builds the payload from its outcomes."""

    async def done(owner: str, numbers: list[int]) -> list[tuple[int, Account | EkonteError]]:
        outcomes = zip(numbers, await do(owner, numbers), strict=True)
        return [
            (
                number,
                Account.from_row(outcome.account)
                if outcome.account is not None
                else outcome.error or not_found("account"),
            )
            for number, outcome in outcomes
        ]

    outcomes = await each_by_id(info, ids, "Account", done)
    accounts = [outcome for outcome in outcomes.values() if isinstance(outcome, Account)]
    return AccountsPayload(accounts=accounts, success_count=len(accounts), **failed(outcomes, ids))


async def _delete(owner: str, numbers: list[int]) -> list[tuple[int, EkonteError | None]]:
    deleted = await removing.delete_accounts(owner, numbers)
    return [(number, None if number in deleted else not_found("account")) for number in numbers]


@strawberry.type
class AccountMutations:
    @mutation("Adds accounts, each created or refused on its own.")
    async def create_accounts(
        self,
        info: Info,
        input: Annotated[CreateAccountsInput, strawberry.argument(description="The accounts, 1 to 1000.")],
    ) -> CreateAccountsPayload | None:
        key = key_for(info, input.idempotency_key)
        wanted = [new_account(account) for account in input.accounts]
        outcomes = await creating.create_accounts(info.context.owner, wanted, key)
        return CreateAccountsPayload(**_by_outcome(outcomes, [None] * len(outcomes)))

    @mutation("Changes accounts, each on its own.", repeats=Repeats.WITH_CLAIM)
    async def update_accounts(
        self,
        info: Info,
        input: Annotated[UpdateAccountsInput, strawberry.argument(description="The accounts and their changes.")],
    ) -> UpdateAccountsPayload | None:
        changes = [account_changes(account) for account in input.accounts]
        outcomes = await updating.update_accounts(info.context.owner, changes)
        return UpdateAccountsPayload(**_by_outcome(outcomes, [account.id for account in input.accounts]))

    @mutation(
        "Soft deletion. Jobs submitted on the accounts finish there; all others move to other accounts.",
        repeats=Repeats.WITH_CLAIM,
    )
    async def delete_accounts(self, info: Info, ids: Ids) -> DeletePayload | None:
        return await delete_each(info, ids, "Account", _delete)

    @mutation(
        "Makes image and video available again, zeroes today's counts, ends cooldowns, frees the slots of tasks that "
        "upstream's answers lack (if upstream still works on them, it may refuse the next one for too many at once), "
        "and moves the quota reset to tomorrow 00:30.",
        repeats=Repeats.WITH_CLAIM,
    )
    async def reset_accounts(self, info: Info, ids: Ids) -> AccountsPayload | None:
        return await _with_each(info, ids, removing.reset_accounts)

    @mutation(
        "Checks sessions and balances upstream; what the server deactivated comes back if it works."
        " At most 50 accounts.",
        repeats=Repeats.WITH_CLAIM,
    )
    async def check_accounts(self, info: Info, ids: FewIds) -> AccountsPayload | None:
        return await _with_each(info, ids, checking.check_accounts)

    @mutation("Collects today's free credits upstream. At most 50 accounts.", repeats=Repeats.WITH_CLAIM)
    async def receive_credits(self, info: Info, ids: FewIds) -> AccountsPayload | None:
        return await _with_each(info, ids, checking.receive_credits)
