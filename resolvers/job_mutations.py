"""Mutations that cancel, retry and refresh jobs."""

from typing import Annotated

import strawberry

from resolvers.fields import mutation
from resolvers.ids import need
from resolvers.keyed import Repeats
from schema.context import Info
from schema.jobs import JobPayload
from services.film import jobs
from services.generation.refresh import STORING_SECONDS, refresh_job
from services.generation.stopping import release_slots

JobId = Annotated[strawberry.ID, strawberry.argument(description="The job.")]


@strawberry.type
class JobMutations:
    @mutation(
        "Cancels a job and its parts; running work stops within two seconds. A stage's workflow is canceled with it.",
        repeats=Repeats.IN_TRANSACTION,
    )
    async def cancel_job(self, info: Info, id: JobId) -> JobPayload | None:
        return JobPayload.of(await jobs.cancel_job(info.context.owner, need(id, "Job", "id")))

    @mutation(
        "Runs a failed or canceled job again, under the same id; finished parts are kept.",
        repeats=Repeats.IN_TRANSACTION,
    )
    async def retry_job(self, info: Info, id: JobId) -> JobPayload | None:
        return JobPayload.of(await jobs.retry_job(info.context.owner, need(id, "Job", "id")))

    @mutation(
        "Polls upstream once for a picture or clip and stores its state; meant for jobs with polling MANUAL. If "
        "upstream has finished it, the answer comes when the result is stored (SUCCEEDED), or after 10 seconds while "
        "it is still being stored.",
        repeats=Repeats.WITH_CLAIM,
    )
    async def refresh_job(self, info: Info, id: JobId) -> JobPayload | None:
        job_id = need(id, "Job", "id")
        return JobPayload.of(await refresh_job(info.context.owner, job_id, storing_seconds=STORING_SECONDS))

    @mutation(
        "Counts the slot of a picture's or clip's task as free, e.g. because upstream has forgotten the task. What "
        "that risks: if upstream still works on the task, it may refuse the account's next one for too many at once. "
        "The task is still looked for, and a late result is stored; nothing is canceled, and nothing is made again.",
        repeats=Repeats.IN_TRANSACTION,
    )
    async def release_slot(self, info: Info, id: JobId) -> JobPayload | None:
        return JobPayload.of(await release_slots(info.context.owner, need(id, "Job", "id")))
