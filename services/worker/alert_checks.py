"""Looking now and then for what no single change tells: rates, stalls, disks, settings that changed.

Every process looks; the alerts are raised once whoever finds a cause first, and closed by whoever sees that it is over.
"""

import time
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from services.accounts.pool.alerts import close_idle_pools
from services.notifications.alerts.accounts import check_credits
from services.notifications.alerts.failures import check_failure_rates
from services.notifications.alerts.space import check_space
from services.notifications.alerts.stalls import check_stalled_batches
from services.platform.runtime import runtime
from settings import Settings

log = structlog.get_logger(__name__)

CHECK_SECONDS = 30.0


class LastChecks:
    """When all was looked at last, in the monotonic clock's seconds."""

    at: float = float("-inf")


async def check_alerts(settings: Settings) -> None:
    """Looks at everything, at most every 30 seconds in one process: ten statements or so. A look that fails is logged,
    and keeps none of the others back.
    """
    last = runtime().state(LastChecks)
    if time.monotonic() - last.at < CHECK_SECONDS:
        return
    last.at = time.monotonic()
    looks: dict[str, Callable[[], Awaitable[None]]] = {
        "pools": close_idle_pools,
        "credits": check_credits,
        "failures": partial(check_failure_rates, settings),
        "stalls": partial(check_stalled_batches, settings),
        "space": partial(check_space, settings),
    }
    for subject, look in looks.items():
        try:
            await look()
        except Exception:
            log.exception("alerts.look_failed", subject=subject)
