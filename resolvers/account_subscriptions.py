"""The subscription to the caller's accounts."""

import contextlib
from collections.abc import AsyncGenerator

import strawberry

from resolvers.fields import subscription
from schema.accounts import AccountChange
from schema.context import Info
from services.queries.account_changes import follow_accounts


@strawberry.type
class AccountSubscriptions:
    @subscription(
        "Changes of the caller's accounts: cooldowns, bans, balances, deletions; first the current state of each. "
        "After a reconnection, accounts that were deleted meanwhile are not among them. Never completes."
    )
    async def account_changes(self, info: Info) -> AsyncGenerator[AccountChange | None, None]:
        context = info.context
        batches = follow_accounts(context.owner, until=context.viewer.expires_at)
        async with contextlib.aclosing(batches):
            async for changed in batches:
                context.clear_loaders()
                rows = [change.account for change in changed.changes if change.account is not None]
                loaders, ids = context.loaders, [row.id for row in rows]
                # Read for all accounts and all followers at once, so that no field of any of them is read again.
                loaders.standing_by_account_id.prime_many(dict(zip(ids, changed.standings, strict=True)))
                loaders.cooldowns_by_account_id.prime_many(dict(zip(ids, changed.cooldowns, strict=True)))
                loaders.account_by_id.prime_many(dict(zip(ids, rows, strict=True)))
                for change in changed.changes:
                    yield AccountChange.of(change.id, change.account)
