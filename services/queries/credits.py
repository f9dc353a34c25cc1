"""What generations cost, as far as it is known, with the number of tasks of which it is not."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.platform.owned import owned_rows_sql, places


@dataclass(frozen=True)
class SpentCredits:
    """known: the sum of what is known; None if nothing is known of what was spent. unknown_count: accepted tasks whose
    charge is unknown. attempt_count: attempts of which one of the two is told.
    """

    known: int | None = 0
    unknown_count: int = 0
    attempt_count: int = 0


async def spent_credits(owner: str, column: str, ids: Sequence[int]) -> list[SpentCredits]:
    """Returns for each id the credits of the attempts of its jobs; one statement. column: batch_id, record_id or
    workflow_id of the jobs.
    """
    is_unknown = "a.credits_spent IS NULL AND a.accepted_at_ms IS NOT NULL AND a.account_id IS NOT NULL"
    found = await owned_rows_sql(
        f"SELECT j.{column} AS id, SUM(a.credits_spent) AS known, COUNT(a.credits_spent) AS known_count,"
        f" SUM(CASE WHEN {is_unknown} THEN 1 ELSE 0 END) AS unknown_count FROM job j JOIN attempt a ON a.job_id = j.id"
        f" WHERE j.owner = ? AND j.role = 'GENERATE' AND j.{column} IN ({places(ids)}) GROUP BY j.{column}",
        owner,
        *ids,
    )
    by_id = {}
    for row in found:
        unknown, known = int(row["unknown_count"] or 0), row["known"]
        by_id[row["id"]] = SpentCredits(
            None if known is None and unknown else int(known or 0), unknown, unknown + int(row["known_count"])
        )
    return [by_id.get(each, SpentCredits()) for each in ids]
