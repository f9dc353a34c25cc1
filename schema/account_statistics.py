"""Statistics of a caller's accounts."""

import strawberry

from models.enums import Site
from services.queries.account_statistics import AccountSums, SiteSum


@strawberry.type(description="The accounts of one site.")
class SiteStatistics:
    site: Site = strawberry.field(description="Which site.")
    total: int = strawberry.field(description="All of them.")
    active: int = strawberry.field(description="Those that are given work.")
    credit_balance: int = strawberry.field(description="Their credits, as far as they are known.")

    @staticmethod
    def of(sums: SiteSum) -> "SiteStatistics":
        return SiteStatistics(site=sums.site, total=sums.total, active=sums.active, credit_balance=sums.credit_balance)


@strawberry.type(description="The caller's accounts, summed up.")
class AccountStatistics:
    total: int = strawberry.field(description="All of them.")
    active: int = strawberry.field(description="Those that are given work.")
    inactive: int = strawberry.field(description="Those whose session has ended, or that were taken out.")
    banned: int = strawberry.field(description="Those that are punished upstream.")
    image_available: int = strawberry.field(description="Active ones that can make pictures now.")
    video_available: int = strawberry.field(description="Active ones that can make clips now.")
    rate_limited: int = strawberry.field(description="Active ones that rest from pictures, clips or both.")
    cooling_down: int = strawberry.field(description="Active ones that rest from anything, be it one model.")
    in_flight: int = strawberry.field(description="Jobs that hold a slot now.")
    image_capacity: int = strawberry.field(description="Generation slots that are free for pictures now.")
    video_capacity: int = strawberry.field(description="Generation slots that are free for clips now.")
    credit_balance: int = strawberry.field(description="Credits of all of them, as far as they are known.")
    by_site: list[SiteStatistics] = strawberry.field(description="The same by site, where there are any.")

    @staticmethod
    def of(sums: AccountSums) -> "AccountStatistics":
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
            by_site=[SiteStatistics.of(site) for site in sums.by_site],
        )
