"""Which waiting job goes first: priority, with what waiting adds to it. In SQL and as a pure function, which agree."""

from models.database import now_ms_sql
from models.sql import greatest_sql, waiting_since_sql
from settings import get_settings

HIGH_RANK = 1
"The rank that waiting can reach; URGENT (0) is only what somebody asked for."


def aged_rank(rank: int, waited_ms: int, ageing_ms: int) -> int:
    """A job's rank (0 URGENT … 3 LOW) after so long: one less for each whole ageing time, at best HIGH."""
    return rank if rank <= HIGH_RANK else max(HIGH_RANK, rank - waited_ms // ageing_ms)


def aged_rank_sql(job: str = "job") -> str:
    """The same of a row of `job` (its name or alias), by the database's clock."""
    ageing_ms = max(1, int(get_settings().priority_ageing_seconds * 1000))
    waited = f"({now_ms_sql()} - {waiting_since_sql(job)})"
    aged = greatest_sql(str(HIGH_RANK), f"{job}.priority_rank - {waited} / {ageing_ms}")
    return f"(CASE WHEN {job}.priority_rank <= {HIGH_RANK} THEN {job}.priority_rank ELSE {aged} END)"


def group_sql(job: str = "job") -> str:
    """What jobs of one owner are weighed against each other by: their batch, else their workflow, else none (0)."""
    return f"COALESCE({job}.batch_id, {job}.workflow_id, 0)"


def is_paused_sql(job: str = "job") -> str:
    """Whether nothing more of the job's batch is to be begun now."""
    return f"({job}.batch_id IS NOT NULL AND {job}.batch_id IN (SELECT id FROM batch WHERE status = 'PAUSED'))"


def is_paused_with_workflow_sql(job: str = "job") -> str:
    """As is_held_sql, also for a job of a paused workflow: its builds may be under way, and their pictures wait."""
    held = f"({job}.workflow_id IS NOT NULL AND {job}.workflow_id IN (SELECT id FROM workflow WHERE status = 'PAUSED'))"
    return f"({is_paused_sql(job)} OR {held})"
