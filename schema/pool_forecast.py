"""The forecast of a caller's pool: what it can still make, and when what waits will have ended."""

from datetime import datetime

import strawberry

from models.enums import MediaKind
from models.ids import global_id
from services.accounts.pool.remaining import Product, Total
from services.queries import pool_forecast as read

COUNT = (
    "How many more can be made before the reset, by the tightest of known credits, daily limits and the time of the "
    "slots; null where an account's balance or the price is unknown (unknownAccountIds), or nothing bounds it. Each "
    "request counts as one."
)
AT_LEAST = "Of these, what the accounts can make of which all is known."
AT_MOST = "The most, if no account lacks credits of which it is unknown; null where nothing bounds an account."
UNKNOWN = "The accounts that can make some, but of which it is unknown how many their credits are enough for."
ABLE = "The accounts that can make at least one before the reset, or may."


def _ids(total: Total) -> list[strawberry.ID]:
    return [strawberry.ID(global_id("Account", account_id)) for account_id in total.unknown]


@strawberry.type(description="What a pool can still make with one model.")
class ModelForecast:
    provider: str = strawberry.field(description="The model's provider.")
    model: str = strawberry.field(description="The model.")
    credits_each: int | None = strawberry.field(description="What one usually costs; null where that is unknown.")
    seconds_each: float | None = strawberry.field(
        description="How long recent ones held a slot; null where nothing was measured, and time is no bound then."
    )
    count: int | None = strawberry.field(description=COUNT)
    at_least: int = strawberry.field(description=AT_LEAST)
    at_most: int | None = strawberry.field(description=AT_MOST)
    able_account_count: int = strawberry.field(description=ABLE)
    unknown_account_ids: list[strawberry.ID] = strawberry.field(description=UNKNOWN)

    @staticmethod
    def of(product: Product, total: Total) -> "ModelForecast":
        return ModelForecast(
            provider=product.provider,
            model=product.model,
            credits_each=product.price,
            seconds_each=None if product.held_ms is None else product.held_ms / 1000,
            count=total.count,
            at_least=total.at_least,
            at_most=total.at_most,
            able_account_count=total.able,
            unknown_account_ids=_ids(total),
        )


@strawberry.type(
    description="What a pool can still make of one kind. Models share credits, limits and slots, as pictures and clips "
    "share credits: what is made of one is not made of another."
)
class KindForecast:
    kind: MediaKind = strawberry.field(description="Pictures or clips.")
    count: int | None = strawberry.field(
        description=f"With each account on the model of which it can make the most. {COUNT}"
    )
    at_least: int = strawberry.field(description=AT_LEAST)
    at_most: int | None = strawberry.field(description=AT_MOST)
    able_account_count: int = strawberry.field(description=ABLE)
    unknown_account_ids: list[strawberry.ID] = strawberry.field(description=UNKNOWN)
    by_model: list[ModelForecast] = strawberry.field(description="Of each model alone.")
    waiting_count: int = strawberry.field(
        description="Jobs that wait for an account now; without those of paused batches and workflows."
    )
    last_ends_at: datetime | None = strawberry.field(
        description="When the last of them will have ended, by measured durations and free slots; null where nothing "
        "waits, or where no account can take some of them and it is unknown when (waitsFor)."
    )
    waits_for: list[str] = strawberry.field(
        description="What jobs wait for that no account can take now, by provider; empty where each has an account."
    )

    @staticmethod
    def of(forecast: read.KindForecast) -> "KindForecast":
        total = forecast.remaining.total
        return KindForecast(
            kind=forecast.kind,
            count=total.count,
            at_least=total.at_least,
            at_most=total.at_most,
            able_account_count=total.able,
            unknown_account_ids=_ids(total),
            by_model=[ModelForecast.of(product, each) for product, each in forecast.remaining.by_product.items()],
            waiting_count=forecast.waiting,
            last_ends_at=forecast.last_ends_at,
            waits_for=list(forecast.waits_for),
        )


@strawberry.type(description="What the caller's pool can still make before its counts are reset.")
class PoolForecast:
    resets_at: datetime = strawberry.field(description="When the daily counts are reset next.")
    images: KindForecast = strawberry.field(description="Pictures.")
    videos: KindForecast = strawberry.field(description="Clips.")

    @staticmethod
    def of(forecast: read.PoolForecast) -> "PoolForecast":
        return PoolForecast(
            resets_at=forecast.resets_at,
            images=KindForecast.of(forecast.kinds[MediaKind.IMAGE]),
            videos=KindForecast.of(forecast.kinds[MediaKind.VIDEO]),
        )
