"""Looking now and then for what no single change tells: rates, stalls, disks, settings that changed.

Every process looks; the alerts are raised once whoever finds a cause first, and closed by whoever sees that it is over.
"""

import time

from services.alerts.accounts import check_credits
from services.alerts.failures import check_failure_rates
from services.alerts.pools import close_idle_pools
from services.alerts.space import check_space
from services.alerts.stalls import check_stalled_batches
from settings import Settings

CHECK_SECONDS = 30.0

_last_look = -CHECK_SECONDS


async def check_alerts(settings: Settings) -> None:
    """Looks at everything, at most every 30 seconds in one process: ten statements or so."""
    global _last_look
    if time.monotonic() - _last_look < CHECK_SECONDS:
        return
    _last_look = time.monotonic()
    await close_idle_pools()
    await check_credits()
    await check_failure_rates(settings)
    await check_stalled_batches(settings)
    await check_space(settings)
