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
            async for changes in batches:
                context.clear_loaders()
                rows = [change.account for change in changes if change.account is not None]
                loaders, ids = context.loaders, [row.id for row in rows]
                # Loaded for all accounts at once, so that the fields of each are served from the loaders' cache.
                await loaders.standing_by_account_id.load_many(ids)
                await loaders.cooldowns_by_account_id.load_many(ids)
                for row in rows:
                    loaders.account_by_id.prime(row.id, row)
                for change in changes:
                    yield AccountChange.of(change.id, change.account)
