"""The limits of an owner, and how much of each is used."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.platform import presence, quotas
from services.platform.presence import Held
from services.platform.quotas import Quota
from settings import get_settings

# By name the setting of each budget that refills by the minute.
BUDGETS = {
    "upstreamCallsPerMinute": "max_owner_checks_per_minute",
    "uploadsPerMinute": "max_owner_uploads_per_minute",
    "redeliveriesPerMinute": "max_owner_redeliveries_per_minute",
}


@dataclass(frozen=True)
class OwnerLimit:
    """used None: not told. most None: there is no limit."""

    name: str
    used: int | None
    most: int | None


async def limits_of(owner: str) -> tuple[OwnerLimit, ...]:
    """All limits of the owner; a statement for each of those in the database. Connections and subscriptions are those
    of this process.
    """
    settings = get_settings()
    stored = [OwnerLimit(quota.value, await quotas.used_of(quota, owner), quotas.most_of(quota)) for quota in Quota]
    held = [OwnerLimit(each.value, presence.used_of(each, owner), presence.most_of(each)) for each in Held]
    budgets = [OwnerLimit(name, None, int(getattr(settings, setting)) or None) for name, setting in BUDGETS.items()]
    return (*stored, *held, *budgets)


async def limits_by_owner(owner: str, owners: Sequence[str]) -> list[tuple[OwnerLimit, ...]]:
    """The limits of `owner`, and none for every other owner in `owners`."""
    return [await limits_of(owner) if wanted == owner else () for wanted in owners]
