"""The caller's accounts, by id, as a list and summed up."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

import strawberry

from resolvers.node_queries import load_node
from schema.accounts import Account, AccountFilter, AccountOrder, AccountStatistics, SiteStatistics
from schema.context import Info
from schema.enums import OrderDirection
from schema.fields import resolved
from schema.paging import After, Before, Connection, First, Last, PageNumber, connection, given
from services.platform.paging import page_request
from services.queries.account_statistics import account_statistics
from services.queries.accounts import AccountConditions, AccountOrdering, account_count, account_page

T = TypeVar("T")


def _several(values: Sequence[T] | None) -> tuple[T, ...] | None:
    return None if given(values) is None else tuple(values or ())


def account_conditions(wanted: AccountFilter | None) -> AccountConditions:
    if given(wanted) is None or wanted is None:
        return AccountConditions()
    return AccountConditions(
        providers=_several(wanted.provider),
        statuses=_several(wanted.status),
        sites=_several(wanted.site),
        image_availability=given(wanted.image_availability),
        video_availability=given(wanted.video_availability),
        name_contains=given(wanted.name_contains),
    )


def account_ordering(wanted: AccountOrder | None) -> AccountOrdering:
    if given(wanted) is None or wanted is None:
        return AccountOrdering()
    return AccountOrdering(wanted.field, wanted.direction is OrderDirection.DESC)


@strawberry.type
class AccountQueries:
    @resolved("An account of the caller's, or null.")
    async def account(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Account | None:
        return await load_node(info, id, "Account")  # type: ignore[no-any-return]

    @resolved(
        "The caller's accounts. Relay paging with first/after or last/before; page (1-based, with first as its size) "
        "serves numbered pages. Default order: priority, then creation."
    )
    async def accounts(
        self,
        info: Info,
        filter: Annotated[
            AccountFilter | None, strawberry.argument(description="Which to list; null: all.")
        ] = strawberry.UNSET,
        order_by: Annotated[
            AccountOrder | None,
            strawberry.argument(description="In which order; cursors are good within one order."),
        ] = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        page: PageNumber = strawberry.UNSET,
    ) -> Connection[Account]:
        request = page_request(given(first), given(after), given(last), given(before), given(page))
        owner, conditions = info.context.owner, account_conditions(filter)
        found = await account_page(owner, conditions, account_ordering(order_by), request)
        return connection(found, Account.from_row, lambda: account_count(owner, conditions))

    @resolved("The caller's accounts, summed up.")
    async def account_statistics(self, info: Info) -> AccountStatistics:
        sums = await account_statistics(info.context.owner)
        return AccountStatistics(
            total=sums.total,
            active=sums.active,
            inactive=sums.inactive,
            banned=sums.banned,
            image_available=sums.image_available,
            video_available=sums.video_available,
            rate_limited=sums.rate_limited,
            cooling_down=sums.cooling_down,
            in_flight=sums.in_flight,
            image_capacity=sums.image_capacity,
            video_capacity=sums.video_capacity,
            credit_balance=sums.credit_balance,
            by_site=[
                SiteStatistics(
                    site=of_site.site,
                    total=of_site.total,
                    active=of_site.active,
                    credit_balance=of_site.credit_balance,
                )
                for of_site in sums.by_site
            ],
        )
