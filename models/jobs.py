"""Jobs (units of asynchronous work, claimed with leases), their input files, and idempotency keys."""

from contextvars import ContextVar
from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow, Row
from models.enums import JOB_QUEUES, JobRole, JobStatus, JobType, Queue, Stage

TRACE_PARENT: ContextVar[str | None] = ContextVar("trace_parent", default=None)
"The current span in the format of the W3C header `traceparent`; None: tracing is off."


def trace_parent() -> str | None:
    return TRACE_PARENT.get()


_QUEUES = "\n".join(f"{queue.name}: {queue.value}" for queue in (*JOB_QUEUES, Queue.CALLBACKS))
"The column's comment in the database; changing it requires a migration."


class Job(OwnedRow):
    """A STAGE job plans BUILD jobs, its children, and waits for them. A BUILD job creates one artifact. A GENERATE job
    has one image or video generated for its record, by attempts (models/generation.py).

    A job can be claimed while it is live and `due_at_ms` has passed. Claiming it sets `due_at_ms` to the end of the
    lease and increments `lease_epoch`. After the lease has expired the job can be claimed again, and writes of the
    former holder change nothing. `due_at_ms` null: the job waits to be woken (`wakes` counts that).
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
    "Claims since it was last queued by a user or its parent."
    failures = fields.IntField(default=0)
    params: Any = fields.JSONField(default=dict)
    "BUILD: {inputs, fingerprint, slot}; STAGE: arguments of the mutation; GENERATE: a GenerationRequest."
    parent_id = fields.BigIntField(null=True)
    workflow_id = fields.BigIntField(null=True)
    target_id = fields.BigIntField()
    "The script, storyboard, animatic … of the stage; children have the same as their parent."
    record_id = fields.BigIntField(null=True)
    "Of a GENERATE job: its record; the same as target_id."
    batch_id: Any = fields.BigIntField(null=True)
    "Of a GENERATE job: its batch."
    batch_item_id: Any = fields.BigIntField(null=True)
    "The id of its item's first job in the batch, for the order of the items. Null: it is that job itself."
    is_superseded: Any = fields.BooleanField(null=True)
    "True: the batch has a newer job for the same storyboard, and this one is not counted."
    demand_key: Any = fields.CharField(max_length=64, null=True)
    "Of a GENERATE job: the same for all jobs with the same demands on a pool (services/accounts/pool/demands)."
    waiting_since_ms: Any = fields.BigIntField(null=True)
    "Since when it waits to start, for priority ageing. Null: since its creation."
    front_order = fields.BigIntField(default=0, db_default=0)
    "Among waiting jobs of equal urgency the lower goes first, then the older. Negative: moved to the front."
    trace_parent: Any = fields.CharField(max_length=64, null=True, default=trace_parent)
    "The span in which it was created; spans of its processing are children of that one."
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
            Index(fields=("owner", "status", "front_order", "id")),
            Index(fields=("owner", "priority_rank", "id")),
            Index(fields=("record_id", "id")),
            Index(fields=("batch_id", "status")),
        )


class JobInput(Row):
    """An input file of a job, kept as long as the job."""

    job_id = fields.BigIntField()
    position = fields.IntField()
    file_id = fields.BigIntField()

    class Meta:
        table = "job_input"
        unique_together = (("job_id", "position"),)
        indexes = (Index(fields=("file_id",)),)


class IdempotencyKey(Row):
    """The first request with a key. Later requests with the same input get its result."""

    owner = fields.CharField(max_length=255)
    mutation = fields.CharField(max_length=64)
    key = fields.CharField(max_length=255)
    input_sha256 = fields.CharField(max_length=64)
    result_id = fields.BigIntField()
    outcome: Any = fields.JSONField(null=True)
    "The payload, with ids for objects (resolvers/outcomes.py). Null: result_id is the result, or there is none yet."

    class Meta:
        table = "idempotency_key"
        unique_together = (("owner", "mutation", "key"),)
        indexes = (Index(fields=("created_at",)),)
