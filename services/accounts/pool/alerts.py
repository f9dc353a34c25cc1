"""POOL_EXHAUSTED: jobs wait, and no account can take them; an alert for each owner, provider and kind while that is so.

The scheduler tells what it sees; it sees nothing of owners for whom nothing waits any more, whose alerts the sweep
closes.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from models.alerts import Alert
from models.database import execute, now_ms
from models.enums import AlertKind, AlertSeverity, MediaKind, Queue
from models.generation_requests import GenerationRequest
from models.jobs import Job
from services.notifications.alerts.raising import close_alert, raise_alert
from services.platform.owned import places
from services.queue.priority import is_paused_with_workflow_sql

QUEUE_OF = {MediaKind.IMAGE: Queue.POOL_IMAGES, MediaKind.VIDEO: Queue.POOL_VIDEOS}
SHORT_MS = 60_000
MAX_SORTS = 1_000
"Jobs that are read to learn what an owner's jobs wait for."


def pool_cause(provider: str, kind: MediaKind) -> str:
    return f"pool:{provider}:{kind.value}"


async def update_pool_alerts(kind: MediaKind, states: Mapping[tuple[str, str], tuple[str, int | None] | None]) -> None:
    """states: by owner and provider why nothing that waits can be taken, and until when (milliseconds) where that is
    known; None: something can. One statement where nothing has changed since the last time.

    What passes by itself within a minute, such as a short rest of the only account, is not told.
    """
    if not states:
        return
    owners = sorted({owner for owner, _ in states})
    rows = await execute(
        f"SELECT owner, cause FROM alert WHERE owner IN ({places(owners)}) AND resolved_at IS NULL AND kind = ?",
        *owners,
        AlertKind.POOL_EXHAUSTED.value,
    )
    is_open = {(row["owner"], row["cause"]) for row in rows}
    for (owner, provider), state in states.items():
        cause = pool_cause(provider, kind)
        if state is None and (owner, cause) in is_open:
            await close_alert(owner, AlertKind.POOL_EXHAUSTED, cause)
        elif state is not None and (owner, cause) not in is_open and not await _passes_soon(state[1]):
            await raise_alert(
                owner, AlertKind.POOL_EXHAUSTED, AlertSeverity.CRITICAL, cause, _sentence(provider, kind, *state)
            )


async def close_idle_pools() -> None:
    """Closes the alerts of owners for whom nothing waits any more of that provider and kind. One statement while none
    is open.
    """
    for alert in await Alert.filter(kind=AlertKind.POOL_EXHAUSTED, resolved_at__isnull=True):
        start, _, kind = alert.cause.rpartition(":")  # a provider's name may hold colons, a kind none
        provider = start.removeprefix("pool:")
        if provider not in await _waited_for(alert.owner, QUEUE_OF[MediaKind(kind)]):
            await close_alert(alert.owner, AlertKind.POOL_EXHAUSTED, alert.cause)


async def _waited_for(owner: str, queue: Queue) -> set[str]:
    """Providers whose accounts an owner's jobs wait for; one job of each sort is read. What is paused does not wait."""
    rows = await execute(
        "SELECT MIN(w.id) AS id FROM job w WHERE w.queue = ? AND w.owner = ? AND w.status = 'PENDING'"
        f" AND NOT {is_paused_with_workflow_sql('w')} GROUP BY COALESCE(w.demand_key, CAST(w.id AS TEXT))"
        f" LIMIT {MAX_SORTS}",
        queue.value,
        owner,
    )
    jobs = await Job.filter(id__in=[row["id"] for row in rows]).values("params") if rows else []
    return {GenerationRequest.from_json(job["params"]).provider for job in jobs}


async def _passes_soon(until_ms: int | None) -> bool:
    return until_ms is not None and until_ms - await now_ms() < SHORT_MS


def _sentence(provider: str, kind: MediaKind, reason: str, until_ms: int | None) -> str:
    what = "Pictures" if kind is MediaKind.IMAGE else "Clips"
    sentence = f"{what} wait, and no account of {provider} can make them. {reason}"
    if until_ms is None:
        return sentence
    until = datetime.fromtimestamp(until_ms / 1000, UTC).replace(microsecond=0)
    return f"{sentence.rstrip('.')} (until {until.isoformat().removesuffix('+00:00')}Z)."
