"""Queries of the caller's accounts: by id, as a list, and statistics."""

import strawberry

from resolvers.fields import query
from resolvers.ids import Id
from resolvers.lists import ListFilter, listed, several
from resolvers.nodes import load_node
from schema.account_inputs import AccountFilter
from schema.account_statistics import AccountStatistics
from schema.accounts import Account
from schema.context import Info
from schema.fields import given
from schema.paging import Connection, paged
from services.platform.paging import PageRequest
from services.queries.account_statistics import account_statistics
from services.queries.accounts import ACCOUNTS, AccountConditions, accounts_where
from services.queries.orders import ACCOUNT_ORDERS


def account_conditions(wanted: AccountFilter) -> AccountConditions:
    return AccountConditions(
        providers=several(wanted.provider),
        statuses=several(wanted.status),
        sites=several(wanted.site),
        image_availability=given(wanted.image_availability),
        video_availability=given(wanted.video_availability),
        name_contains=given(wanted.name_contains),
    )


@strawberry.type
class AccountQueries:
    @query("An account of the caller's; null where there is none.")
    async def account(self, info: Info, id: Id) -> Account | None:
        return await load_node(info, id, Account)

    @paged(
        "The caller's accounts. Relay paging with first/after or last/before; page (1-based, with first as its size) "
        "serves numbered pages. Default order: priority, then creation.",
        ACCOUNT_ORDERS,
    )
    async def accounts(
        self,
        info: Info,
        request: PageRequest,
        filter: ListFilter[AccountFilter] = strawberry.UNSET,
    ) -> Connection[Account] | None:
        where = accounts_where(account_conditions(given(filter) or AccountFilter()))
        return await listed(info.context.owner, ACCOUNTS, where, request, Account.from_row)

    @query("Statistics of the caller's accounts.")
    async def account_statistics(self, info: Info) -> AccountStatistics | None:
        sums = await account_statistics(info.context.owner)
        return AccountStatistics.of(sums)
