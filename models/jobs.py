"""Jobs: one piece of asynchronous work each, with leases; and the idempotency keys of the requests that made them."""

from contextvars import ContextVar
from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow, Row
from models.enums import JOB_QUEUES, JobRole, JobStatus, JobType, Queue, Stage

TRACE_PARENT: ContextVar[str | None] = ContextVar("trace_parent", default=None)
"The span that is being recorded, as the W3C header `traceparent` has it; None where nothing is traced."


def trace_parent() -> str | None:
    return TRACE_PARENT.get()


_QUEUES = "\n".join(f"{queue.name}: {queue.value}" for queue in (*JOB_QUEUES, Queue.CALLBACKS))
"The column's comment in the database: another one would be a migration."


class Job(OwnedRow):
    """A STAGE job plans BUILD jobs, its children, and waits for them. A BUILD job makes one artifact. A GENERATE job
    has one picture or clip made, for its record, by attempts (models/generation.py).

    A job is claimable while it is live and `due_at_ms` has come. Claiming it moves `due_at_ms` to the end of the
    lease and raises `lease_epoch`, so a lease that runs out makes the job claimable again, and whoever held it can
    write nothing any more. `due_at_ms` null: it waits to be woken (`wakes` is raised with each waking).
    """

    type = fields.CharEnumField(JobType, max_length=24)
    role = fields.CharEnumField(JobRole, max_length=8)
    queue = fields.CharEnumField(Queue, max_length=16, description=_QUEUES)
    stage = fields.CharEnumField(Stage, max_length=16, null=True)
    status = fields.CharEnumField(JobStatus, max_length=16, default=JobStatus.PENDING)
    priority_rank = fields.SmallIntField(default=2)
    progress = fields.FloatField(default=0)
    weight = fields.FloatField(default=1)
    "Share of the parent's progress, in estimated seconds of work."
    expected_weight = fields.FloatField(default=0)
    "Of a STAGE job: the weight of all builds of this run."
    message: Any = fields.TextField(null=True)
    error: Any = fields.JSONField(null=True)
    "{code, message, retryable, upstreamCode}"
    retry_count = fields.IntField(default=0)
    tries = fields.IntField(default=0)
    "Claims since it was last put in the queue by a person or its parent."
    failures = fields.IntField(default=0)
    params: Any = fields.JSONField(default=dict)
    "BUILD: {inputs, fingerprint, slot}; STAGE: what the mutation asked for; GENERATE: a GenerationRequest."
    parent_id = fields.BigIntField(null=True)
    workflow_id = fields.BigIntField(null=True)
    target_id = fields.BigIntField()
    "The script, storyboard, animatic … that the stage makes; children have their parent's."
    record_id = fields.BigIntField(null=True)
    "Of a GENERATE job: what it makes a result for. Its target_id is the same."
    batch_id: Any = fields.BigIntField(null=True)
    "Of a GENERATE job: the batch that it is an item of."
    is_superseded: Any = fields.BooleanField(null=True)
    "True where the batch has a newer job for the same storyboard: this one counts there no more."
    demand_key: Any = fields.CharField(max_length=64, null=True)
    "Of a GENERATE job: the same for all jobs that want the same of a pool (services/accounts/pool/demands)."
    waiting_since_ms: Any = fields.BigIntField(null=True)
    "Since when it waits to be begun, for ageing. Null: since it was created."
    trace_parent: Any = fields.CharField(max_length=64, null=True, default=trace_parent)
    "The span in which it was created: what is done for it anywhere is traced as that one's child."
    artifact_kind = fields.CharField(max_length=16, null=True)
    artifact_subject_id = fields.BigIntField(null=True)
    artifact_slot = fields.IntField(null=True)
    lease_epoch = fields.IntField(default=0)
    worker = fields.CharField(max_length=64, null=True)
    due_at_ms = fields.BigIntField(null=True)
    wakes = fields.IntField(default=0)
    version = fields.BigIntField(default=1)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "job"
        indexes = (
            Index(fields=("queue", "status", "due_at_ms")),
            Index(fields=("parent_id", "status")),
            Index(fields=("target_id", "role", "status")),
            Index(fields=("workflow_id", "id")),
            Index(fields=("owner", "id")),
            Index(fields=("record_id", "id")),
            Index(fields=("batch_id", "status")),
        )


class JobInput(Row):
    """A file that a job is made from: it stays as long as the job does."""

    job_id = fields.BigIntField()
    position = fields.IntField()
    file_id = fields.BigIntField()

    class Meta:
        table = "job_input"
        unique_together = (("job_id", "position"),)
        indexes = (Index(fields=("file_id",)),)


class IdempotencyKey(Row):
    """The first request under a key. Later ones with the same input get its answer."""

    owner = fields.CharField(max_length=255)
    mutation = fields.CharField(max_length=64)
    key = fields.CharField(max_length=255)
    input_sha256 = fields.CharField(max_length=64)
    result_id = fields.BigIntField()

    class Meta:
        table = "idempotency_key"
        unique_together = (("owner", "mutation", "key"),)
        indexes = (Index(fields=("created_at",)),)
