"""Queries of the caller's accounts: by id, as a list, and statistics."""

from typing import Annotated

import strawberry

from resolvers.fields import query
from resolvers.ids import Id
from resolvers.lists import ListFilter, several
from resolvers.node_queries import load_node
from schema.account_inputs import AccountFilter, AccountOrder
from schema.account_statistics import AccountStatistics
from schema.accounts import Account
from schema.context import Info
from schema.enums import OrderDirection
from schema.fields import given
from schema.paging import Connection, connection, paged
from services.platform.paging import PageRequest
from services.queries.account_statistics import account_statistics
from services.queries.accounts import AccountConditions, AccountOrdering, account_count, account_page


def account_conditions(wanted: AccountFilter) -> AccountConditions:
    return AccountConditions(
        providers=several(wanted.provider),
        statuses=several(wanted.status),
        sites=several(wanted.site),
        image_availability=given(wanted.image_availability),
        video_availability=given(wanted.video_availability),
        name_contains=given(wanted.name_contains),
    )


def account_ordering(wanted: AccountOrder | None) -> AccountOrdering:
    if wanted is None:
        return AccountOrdering()
    return AccountOrdering(wanted.field, wanted.direction is OrderDirection.DESC)


@strawberry.type
class AccountQueries:
    @query("An account of the caller's; null where there is none.")
    async def account(self, info: Info, id: Id) -> Account | None:
        return await load_node(info, id, Account)

    @paged(
        "The caller's accounts. Relay paging with first/after or last/before; page (1-based, with first as its size) "
        "serves numbered pages. Default order: priority, then creation.",
        both_ways=True,
    )
    async def accounts(
        self,
        info: Info,
        request: PageRequest,
        filter: ListFilter[AccountFilter] = strawberry.UNSET,
        order_by: Annotated[
            AccountOrder | None,
            strawberry.argument(description="The order; a cursor is valid only in the order that it was returned in."),
        ] = strawberry.UNSET,
    ) -> Connection[Account] | None:
        owner, conditions = info.context.owner, account_conditions(given(filter) or AccountFilter())
        found = await account_page(owner, conditions, account_ordering(given(order_by)), request)
        return connection(found, Account.from_row, lambda: account_count(owner, conditions))

    @query("Statistics of the caller's accounts.")
    async def account_statistics(self, info: Info) -> AccountStatistics | None:
        sums = await account_statistics(info.context.owner)
        return AccountStatistics.of(sums)
