"""Periodic checks for alert causes that no single row change reveals: failure rates, stalls, disk space, settings.

Every process runs the checks. An alert is raised once per cause, and any process may close it.
"""

from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from services.accounts.pool.alerts import close_idle_pools
from services.accounts.pool.site_troubles import end_quiet_troubles
from services.notifications.alerts.accounts import check_credits
from services.notifications.alerts.failures import check_failure_rates
from services.notifications.alerts.missing_tasks import check_missing_tasks
from services.notifications.alerts.space import check_space
from services.notifications.alerts.stalls import check_stalled_batches
from settings import Settings

log = structlog.get_logger(__name__)


async def check_alerts(settings: Settings) -> bool:
    """Runs all checks, about ten SQL statements. A check that raises is logged; the other checks still run.

    Returns False: a pass never leaves more to do at once.
    """
    checks: dict[str, Callable[[], Awaitable[None]]] = {
        "pools": close_idle_pools,
        "sites": end_quiet_troubles,
        "credits": check_credits,
        "failures": partial(check_failure_rates, settings),
        "missing tasks": check_missing_tasks,
        "stalls": partial(check_stalled_batches, settings),
        "space": partial(check_space, settings),
    }
    for subject, check in checks.items():
        try:
            await check()
        except Exception:
            log.exception("alerts.check_failed", subject=subject)
    return False
