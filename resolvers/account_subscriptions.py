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
            async for changed in batches:
                context.clear_loaders()
                loaders, ids = context.loaders, [row.id for row in changed.accounts]
                # Read for all accounts and all followers at once, so that no field of any of them is read again.
                loaders.standing_by_account_id.prime_many(dict(zip(ids, changed.standings, strict=True)))
                loaders.cooldowns_by_account_id.prime_many(dict(zip(ids, changed.cooldowns, strict=True)))
                loaders.account_by_id.prime_many(dict(zip(ids, changed.accounts, strict=True)))
                for row in changed.accounts:
                    yield Account.from_row(row)
