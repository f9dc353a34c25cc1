"""Statistics of a caller's accounts."""

import strawberry

from models.enums import Site
from schema.context import Info
from schema.fields import resolved
from schema.pool_forecast import PoolForecast
from services.queries.account_statistics import AccountSums, SiteSum


@strawberry.type(description="The accounts of one site.")
class SiteStatistics:
    site: Site = strawberry.field(description="The site.")
    total: int = strawberry.field(description="All accounts.")
    active: int = strawberry.field(description="Accounts that are given work.")
    credit_balance: int = strawberry.field(description="The sum of their known credit balances.")

    @staticmethod
    def of(sums: SiteSum) -> "SiteStatistics":
        return SiteStatistics(site=sums.site, total=sums.total, active=sums.active, credit_balance=sums.credit_balance)


@strawberry.type(description="Statistics of the caller's accounts.")
class AccountStatistics:
    total: int = strawberry.field(description="All accounts.")
    active: int = strawberry.field(description="Accounts that are given work.")
    inactive: int = strawberry.field(description="Accounts whose session has expired, or that were deactivated.")
    banned: int = strawberry.field(description="Accounts that upstream has banned.")
    image_available: int = strawberry.field(description="Active accounts that can make pictures now.")
    video_available: int = strawberry.field(description="Active accounts that can make clips now.")
    rate_limited: int = strawberry.field(description="Active accounts in a cooldown for pictures, clips or both.")
    cooling_down: int = strawberry.field(description="Active accounts in any cooldown, be it for one model.")
    in_flight: int = strawberry.field(description="Jobs that hold a slot now.")
    image_capacity: int = strawberry.field(description="Generation slots that are free for pictures now.")
    video_capacity: int = strawberry.field(description="Generation slots that are free for clips now.")
    credit_balance: int = strawberry.field(description="The sum of all known credit balances.")
    by_site: list[SiteStatistics] = strawberry.field(description="The counts of each site that has accounts.")

    @resolved("What the pool can still make before its reset, and when what waits now will have ended.")
    async def forecast(self, info: Info) -> PoolForecast:
        return PoolForecast.of(await info.context.loaders.forecast_by_owner.load(info.context.owner))

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
