"""The order of waiting jobs: the priority, and how waiting raises it; as SQL and as a pure function, which agree."""

from models.database import now_ms_sql
from models.sql import greatest_sql, waiting_since_sql
from settings import get_settings

HIGH_RANK = 1
"The best rank that waiting can reach; URGENT (0) is only set on request."


def aged_rank(rank: int, waited_ms: int, ageing_ms: int) -> int:
    """Returns a job's rank (0 URGENT … 3 LOW) after waiting: one less per full ageing period, at best HIGH."""
    return rank if rank <= HIGH_RANK else max(HIGH_RANK, rank - waited_ms // ageing_ms)


def aged_rank_sql(job: str = "job") -> str:
    """Returns the same as an SQL expression for a row of `job` (its name or alias), by the database's clock."""
    ageing_ms = max(1, int(get_settings().priority_ageing_seconds * 1000))
    waited = f"({now_ms_sql()} - {waiting_since_sql(job)})"
    aged = greatest_sql(str(HIGH_RANK), f"{job}.priority_rank - {waited} / {ageing_ms}")
    return f"(CASE WHEN {job}.priority_rank <= {HIGH_RANK} THEN {job}.priority_rank ELSE {aged} END)"


def group_sql(job: str = "job") -> str:
    """Returns the SQL expression of a job's group, the unit of fairness among the jobs of one owner: its batch, else
    its workflow, else 0.
    """
    return f"COALESCE({job}.batch_id, {job}.workflow_id, 0)"


def is_paused_sql(job: str = "job") -> str:
    """Returns the SQL condition that the job's batch is paused, so that the job must not start."""
    return f"({job}.batch_id IS NOT NULL AND {job}.batch_id IN (SELECT id FROM batch WHERE status = 'PAUSED'))"


def is_paused_with_workflow_sql(job: str = "job") -> str:
    """As is_paused_sql, and also true for a job of a paused workflow: builds may still run there, but their
    generations wait.
    """
    in_paused_workflow = (
        f"({job}.workflow_id IS NOT NULL AND {job}.workflow_id IN (SELECT id FROM workflow WHERE status = 'PAUSED'))"
    )
    return f"({is_paused_sql(job)} OR {in_paused_workflow})"
