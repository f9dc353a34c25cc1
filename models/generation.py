"""Generation records (request and result), their versions, and attempts on accounts."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.base import OwnedRow, Row
from models.enums import AttemptOutcome, AttemptState, CreditsSource, MediaKind, Site


class GenerationRecord(OwnedRow):
    """One per owner, project, work, storyboard and kind while it is not deleted.

    Its columns are those of the newest request (`params`: a GenerationRequest). Status and error are those of the job
    `current_job_id`, its files are those of the job `shown_job_id`.
    """

    updated_at = fields.DatetimeField(auto_now=True)
    kind = fields.CharEnumField(MediaKind, max_length=8)
    project_id = fields.CharField(max_length=128)
    project_name: Any = fields.CharField(max_length=200, null=True)
    work_id = fields.CharField(max_length=128)
    storyboard_id = fields.CharField(max_length=128)
    provider = fields.CharField(max_length=64)
    model = fields.CharField(max_length=64)
    prompt = fields.TextField()
    params: Any = fields.JSONField(default=dict)
    request_sha256 = fields.CharField(max_length=64)
    "Hash over everything that shapes the result, for Reuse.EXACT."
    callback_url: Any = fields.TextField(null=True)
    current_job_id: Any = fields.BigIntField(null=True)
    "The newest job, the only one that may publish here. Null: no job yet."
    shown_job_id: Any = fields.BigIntField(null=True)
    "The job whose files are shown. Null: no result yet."
    chosen_file_id: Any = fields.BigIntField(null=True)
    "The shown file that later stages use. Null: the first."
    is_reused = fields.BooleanField(default=False)
    version_count = fields.IntField(default=0)
    similarity_keys: Any = fields.BinaryField(null=True)
    "Its keys in the prompt index (SimilarityKey), packed. Empty: not to be indexed. Null: not indexed yet."
    deleted_at: Any = fields.DatetimeField(null=True)
    version = fields.BigIntField(default=1)

    class Meta:
        table = "generation_record"
        indexes = (
            Index(fields=("owner", "id")),
            Index(fields=("owner", "work_id", "storyboard_id")),
            Index(fields=("owner", "request_sha256")),
            Index(fields=("owner", "updated_at", "id")),
            Index(fields=("owner", "storyboard_id", "id")),
            Index(fields=("owner", "project_id", "work_id", "kind", "deleted_at", "id")),
        )


class SimilarityKey(Model):
    """An entry of the prompt index: records that share a key may have similar prompts.

    The table's primary key is (key, record_id). Tortoise cannot declare that, so the migration creates it in SQL.
    """

    key = fields.BigIntField(primary_key=True, generated=False)
    record_id = fields.BigIntField()

    class Meta:
        table = "similarity_key"


class RecordVersion(OwnedRow):
    """An earlier result of a record: the job that produced it, and its request."""

    record_id = fields.BigIntField()
    number = fields.IntField()
    job_id = fields.BigIntField()
    model = fields.CharField(max_length=64)
    prompt = fields.TextField()
    params: Any = fields.JSONField(default=dict)
    chosen_file_id: Any = fields.BigIntField(null=True)

    class Meta:
        table = "record_version"
        unique_together = (("record_id", "number"),)


class Attempt(OwnedRow):
    """One try of a GENERATE job on one account. It holds a slot of the account until `released_at_ms` is set.

    It is claimed for its next step like a job: while `state` is not ENDED and `due_at_ms` has passed, by an UPDATE that
    increments `lease_epoch` and sets `due_at_ms` to the end of the lease. Times in milliseconds are the database's
    clock.
    """

    job_id = fields.BigIntField()
    run = fields.IntField(default=0)
    "The job's retry_count when it was placed; attempts of earlier runs are not counted."
    number = fields.IntField()
    "From 1 within the job, over all runs."
    account_id: Any = fields.BigIntField(null=True)
    "Null: the provider has no pool."
    provider = fields.CharField(max_length=64)
    site: Any = fields.CharEnumField(Site, max_length=4, null=True)
    kind = fields.CharEnumField(MediaKind, max_length=8)
    model = fields.CharField(max_length=64)
    route_id: Any = fields.BigIntField(null=True)
    submit_id = fields.CharField(max_length=36)
    "Created before anything is sent; used to query upstream while no history id is known."
    history_id: Any = fields.CharField(max_length=64, null=True)
    state = fields.CharEnumField(AttemptState, max_length=12, default=AttemptState.PLACED)
    outcome = fields.CharEnumField(AttemptOutcome, max_length=12, default=AttemptOutcome.RUNNING)
    error: Any = fields.JSONField(null=True)
    "As Job.error."
    is_manual = fields.BooleanField(default=False)
    "Polled only on request (polling: MANUAL); its slot is released after the usual duration."
    is_detached = fields.BooleanField(default=False)
    "Timed out: its job has ended; it is polled slowly and keeps its slot."
    is_draining = fields.BooleanField(default=False)
    "Its job was canceled or continued elsewhere; it only waits for upstream to end the task, to release the slot."
    credits_expected: Any = fields.IntField(null=True)
    "The price before it was sent. Null: unknown."
    credits_spent: Any = fields.IntField(null=True)
    "What upstream charged, less what it gave back; the expected credits until that is measured. Null: unknown."
    credits_source: Any = fields.CharEnumField(CreditsSource, max_length=12, null=True)
    "Of credits_spent, or before that of credits_expected. Null: they are unknown, or cost nothing by nature."
    price_key: Any = fields.CharField(max_length=200, null=True)
    "Requests with the same key cost the same (CreditPrice). Null: the provider has no pool, or an older attempt."
    balance_before: Any = fields.IntField(null=True)
    "The account's credits just before a task of unknown price was sent, while nothing else ran on the account."
    settle_due_at_ms: Any = fields.BigIntField(null=True)
    "When its charge is next looked for in upstream's credit history. Null: not, or not any more."
    settle_until_ms: Any = fields.BigIntField(null=True)
    "Until when it is looked for."
    quota_day: Any = fields.CharField(max_length=10, null=True)
    sends = fields.IntField(default=0)
    failures = fields.IntField(default=0)
    "Temporary failures of the current step."
    polls = fields.IntField(default=0)
    placed_at_ms = fields.BigIntField(default=0)
    sent_at_ms: Any = fields.BigIntField(null=True)
    "When it was sent first; the time-out counts from here."
    last_sent_at_ms: Any = fields.BigIntField(null=True)
    "When it was sent last; null for attempts of before this column: as sent_at_ms."
    accepted_at_ms: Any = fields.BigIntField(null=True)
    missing_since_ms: Any = fields.BigIntField(null=True)
    "Since when upstream's answers to queries do not contain it (SENT or ACCEPTED)."
    queued_ms = fields.BigIntField(default=0)
    "Time in upstream's queue, which is not counted towards the time-out."
    last_poll_at_ms: Any = fields.BigIntField(null=True)
    done_at_ms: Any = fields.BigIntField(null=True)
    "When a query first showed that upstream had ended it."
    fetch_since_ms: Any = fields.BigIntField(null=True)
    released_at_ms: Any = fields.BigIntField(null=True)
    finished_at: Any = fields.DatetimeField(null=True)
    due_at_ms: Any = fields.BigIntField(null=True)
    "When its next step is due. Null: none (ENDED, or manual)."
    lease_epoch = fields.IntField(default=0)
    upstream: Any = fields.JSONField(null=True)
    "The last state reported by upstream: {status, taskType, failCode, itemCount, results, queuePosition, raw}."

    class Meta:
        table = "attempt"
        unique_together = (("job_id", "number"),)
        indexes = (
            Index(fields=("state", "due_at_ms")),
            Index(fields=("account_id", "released_at_ms")),
            Index(fields=("account_id", "id")),
            Index(fields=("owner", "id")),
            Index(fields=("route_id",)),
            Index(fields=("settle_due_at_ms",)),
        )


class Route(Row):
    """The accounts considered by a scheduling pass, shared by the attempts it created.

    candidates: [{accountId, reason, untilMs}], in order of preference, reason null: the account was available.
    """

    candidates: Any = fields.JSONField(default=list)

    class Meta:
        table = "route"


class ModelTiming(Model):
    """Measured durations of a model: the newest ones in milliseconds, without upstream's queue."""

    key = fields.CharField(max_length=160, primary_key=True)
    "provider/model/kind"
    durations_ms: Any = fields.JSONField(default=list)
    held_ms: Any = fields.JSONField(null=True)
    "The newest times that a slot was occupied, including the submit and the delay until the end was noticed."

    class Meta:
        table = "model_timing"


class CreditPrice(Model):
    """What upstream charged for tasks of one kind of request: the newest measured charges, oldest first."""

    key = fields.CharField(max_length=200, primary_key=True)
    "provider/model/resolution/seconds/count"
    charges: Any = fields.JSONField(default=list)

    class Meta:
        table = "credit_price"


class SchedulerLease(Model):
    """Lease that lets one process at a time schedule a kind."""

    kind = fields.CharField(max_length=8, primary_key=True)
    holder = fields.CharField(max_length=64)
    until_ms = fields.BigIntField()

    class Meta:
        table = "scheduler_lease"
