"""The subscription to the caller's accounts."""

import contextlib
from collections.abc import AsyncGenerator

import strawberry

from resolvers.fields import subscription
from schema.accounts import Account
from schema.context import Info
from services.queries.account_changes import follow_accounts


@strawberry.type
class AccountSubscriptions:
    @subscription(
        "Changes of the caller's accounts: cooldowns, bans, balances; first the current state of each. Never completes."
    )
    async def account_changes(self, info: Info) -> AsyncGenerator[Account | None, None]:
        context = info.context
        batches = follow_accounts(context.owner, until=context.viewer.expires_at)
        async with contextlib.aclosing(batches):
            async for rows in batches:
                context.clear_loaders()
                loaders, ids = context.loaders, [row.id for row in rows]
                # Loaded for all accounts at once, so that the fields of each are served from the loaders' cache.
                await loaders.standing_by_account_id.load_many(ids)
                await loaders.cooldowns_by_account_id.load_many(ids)
                for row in rows:
                    loaders.account_by_id.prime(row.id, row)
                    yield Account.from_row(row)
