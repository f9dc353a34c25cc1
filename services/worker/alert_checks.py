"""Looking now and then for what no single change tells: rates, stalls, disks, settings that changed.

Every process looks; the alerts are raised once whoever finds a cause first, and closed by whoever sees that it is over.
"""

from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from services.accounts.pool.alerts import close_idle_pools
from services.notifications.alerts.accounts import check_credits
from services.notifications.alerts.failures import check_failure_rates
from services.notifications.alerts.space import check_space
from services.notifications.alerts.stalls import check_stalled_batches
from settings import Settings

log = structlog.get_logger(__name__)


async def check_alerts(settings: Settings) -> bool:
    """Checks everything, with ten statements or so. A check that fails is logged, and keeps none of the others back.
    False: there is never more to do at once.
    """
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
    return False
