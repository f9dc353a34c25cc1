"""Which owners have slots reserved for URGENT jobs: those who have used that priority lately."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from models.database import execute
from models.ids import first_id_at
from services.platform.owned import places
from settings import get_settings


async def reserved_percents(owners: Collection[str]) -> dict[str, float]:
    """By owner, the share of the slots that is reserved for URGENT, in percent: 0 for an owner who has created no
    URGENT job within the setting's hours. One statement over an index; none if nothing is reserved.
    """
    percent, hours = get_settings().urgent_slot_percent, get_settings().urgent_lookback_hours
    if not percent or not hours or not owners:
        return dict.fromkeys(owners, 0.0)
    since_id = first_id_at(datetime.now(UTC) - timedelta(hours=hours))
    rows = await execute(
        f"SELECT DISTINCT owner FROM job WHERE owner IN ({places(list(owners))}) AND priority_rank = 0 AND id >= ?",
        *owners,
        since_id,
    )
    urgent = {row["owner"] for row in rows}
    return {owner: percent if owner in urgent else 0.0 for owner in owners}
