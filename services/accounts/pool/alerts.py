"""The alert POOL_EXHAUSTED, one per owner, provider and kind: jobs are waiting and no account can take them.

The scheduler raises and closes it for owners with waiting jobs; the sweeper closes it for owners without.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from models.database import execute, now_ms
from models.enums import MediaKind, Queue
from models.generation_requests import GenerationRequest
from models.jobs import Job
from services.notifications.alerts.raising import close_alert, raise_alert
from services.platform.owned import places
from services.queue.priority import is_paused_with_workflow_sql

QUEUE_OF = {MediaKind.IMAGE: Queue.POOL_IMAGES, MediaKind.VIDEO: Queue.POOL_VIDEOS}
SHORT_MS = 60_000
MAX_DEMANDS = 1_000
"Jobs read per owner to find the providers that they wait for: one per demand."


def pool_cause(provider: str, kind: MediaKind) -> str:
    return f"pool:{provider}:{kind.value}"


async def update_pool_alerts(kind: MediaKind, states: Mapping[tuple[str, str], tuple[str, int | None] | None]) -> None:
    """Raises and closes the alerts of a kind. states, by owner and provider: why no waiting job can be placed, with the
    time until which this holds in milliseconds (None: unknown); or None if some can. One statement if nothing changed
    since the last call.

    A state that ends by itself within a minute, such as a short cooldown of the only account, raises no alert.
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
        elif state is not None and (owner, cause) not in is_open and not await _ends_soon(state[1]):
            await raise_alert(
                owner, AlertKind.POOL_EXHAUSTED, AlertSeverity.CRITICAL, cause, _sentence(provider, kind, *state)
            )


async def close_idle_pools() -> None:
    """Closes the alerts of owners without waiting jobs of the provider and kind. One statement while none is open."""
    for alert in await Alert.filter(kind=AlertKind.POOL_EXHAUSTED, resolved_at__isnull=True):
        start, _, kind = alert.cause.rpartition(":")  # a provider's name may hold colons, a kind none
        provider = start.removeprefix("pool:")
        if provider not in await _providers_waited_for(alert.owner, QUEUE_OF[MediaKind(kind)]):
            await close_alert(alert.owner, AlertKind.POOL_EXHAUSTED, alert.cause)


async def _providers_waited_for(owner: str, queue: Queue) -> set[str]:
    """The providers of the owner's waiting jobs, paused ones excluded; reads one job per demand."""
    rows = await execute(
        "SELECT MIN(w.id) AS id FROM job w WHERE w.queue = ? AND w.owner = ? AND w.status = 'PENDING'"
        f" AND NOT {is_paused_with_workflow_sql('w')} GROUP BY COALESCE(w.demand_key, CAST(w.id AS TEXT))"
        f" LIMIT {MAX_DEMANDS}",
        queue.value,
        owner,
    )
    jobs = await Job.filter(id__in=[row["id"] for row in rows]).values("params") if rows else []
    return {GenerationRequest.from_json(job["params"]).provider for job in jobs}


async def _ends_soon(until_ms: int | None) -> bool:
    return until_ms is not None and until_ms - await now_ms() < SHORT_MS


def _sentence(provider: str, kind: MediaKind, reason: str, until_ms: int | None) -> str:
    what = "Pictures" if kind is MediaKind.IMAGE else "Clips"
    sentence = f"{what} are waiting, but no account of {provider} can generate them. {reason}"
    if until_ms is None:
        return sentence
    until = datetime.fromtimestamp(until_ms / 1000, UTC).replace(microsecond=0)
    return f"{sentence.rstrip('.')} (until {until.isoformat().removesuffix('+00:00')}Z)."
