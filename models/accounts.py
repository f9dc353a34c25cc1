"""Accounts of a pool, with their cooldowns, daily usage and uploaded inputs."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow, Row
from models.enums import AccountStatus, AccountType, DeactivatedBy, MediaKind, Site


class Account(OwnedRow):
    """One account of a pooled provider. Times in milliseconds are the database's clock.

    Its occupied slots are its attempts with `released_at_ms` null. `version` increases with every change that is
    visible to the owner. A deleted account keeps its row, since attempts refer to it.
    """

    updated_at = fields.DatetimeField(auto_now=True)
    name = fields.CharField(max_length=200)
    provider = fields.CharField(max_length=64)
    type: Any = fields.CharEnumField(AccountType, max_length=16, null=True)
    site: Any = fields.CharEnumField(Site, max_length=4, null=True)
    status = fields.CharEnumField(AccountStatus, max_length=16, default=AccountStatus.ACTIVE)
    status_reason: Any = fields.TextField(null=True)
    deactivated_by: Any = fields.CharEnumField(DeactivatedBy, max_length=8, null=True)
    "Of an INACTIVE account. Null: the account is not INACTIVE, or became so before this was recorded."
    session_sealed = fields.TextField()
    session_hash = fields.CharField(max_length=64)
    "Keyed hash that identifies the session; unique among the owner's accounts of the provider that are not deleted."
    session_hint = fields.CharField(max_length=4)
    priority = fields.IntField(default=100)
    max_concurrent = fields.IntField(default=3)
    daily_image_limit: Any = fields.IntField(null=True)
    daily_video_limit: Any = fields.IntField(null=True)
    learned_image_limit: Any = fields.IntField(null=True)
    "Limit learned from upstream's refusals; recovers step by step up to max_concurrent. Null: nothing learned."
    learned_video_limit: Any = fields.IntField(null=True)
    learned_at_ms = fields.BigIntField(default=0)
    image_exhausted_until_ms = fields.BigIntField(default=0)
    video_exhausted_until_ms = fields.BigIntField(default=0)
    credit_balance: Any = fields.IntField(null=True)
    checked_at: Any = fields.DatetimeField(null=True)
    received_day: Any = fields.CharField(max_length=10, null=True)
    "The quota day (YYYY-MM-DD) for which the daily credits were last received, or refused."
    credits_due_at_ms: Any = fields.BigIntField(null=True)
    "When the scheduler requested that its daily credits be received. Null: not requested."
    settle_due_at_ms = fields.BigIntField(default=0, db_default=0)
    "Upstream is not asked for the account's credit history before this time."
    settle_refusals = fields.IntField(default=0, db_default=0)
    "How often upstream has refused to tell the credit history since it last told it."
    settle_refused_until_ms = fields.BigIntField(default=0, db_default=0)
    "The credit history is not asked for before this time, after a refusal."
    consecutive_failures = fields.IntField(default=0)
    last_used_at: Any = fields.DatetimeField(null=True)
    poll_lease_until_ms = fields.BigIntField(default=0)
    poll_epoch = fields.IntField(default=0)
    check_due_at_ms: Any = fields.BigIntField(null=True)
    "When the next health check of its session and balance is due. Null: as soon as possible."
    look_due_at_ms: Any = fields.BigIntField(null=True)
    "When upstream is to be asked about it outside of the regular checks (services/accounts/looking). Null: not."
    looks: Any = fields.IntField(null=True)
    "Such looks in a row that did not bring the account back. Null: none."
    deleted_at: Any = fields.DatetimeField(null=True)
    version = fields.BigIntField(default=1)

    class Meta:
        table = "account"
        indexes = (
            Index(fields=("owner", "priority", "id")),
            Index(fields=("owner", "last_used_at")),
            Index(fields=("owner", "id")),
        )

    def exhausted_until_ms(self, kind: MediaKind) -> int:
        until: int = self.image_exhausted_until_ms if kind is MediaKind.IMAGE else self.video_exhausted_until_ms
        return until

    def daily_limit(self, kind: MediaKind) -> int | None:
        limit: int | None = self.daily_image_limit if kind is MediaKind.IMAGE else self.daily_video_limit
        return limit


class AccountCooldown(Row):
    """Blocks an account for a kind ("": any) and model ("": any) until `until_ms`.

    After that the row is half-open: one attempt, the probe, may run. If upstream accepts it, the row is deleted. If it
    fails, the account cools down again, for longer, with `step` one higher.
    """

    account_id = fields.BigIntField()
    kind = fields.CharField(max_length=8, default="")
    model = fields.CharField(max_length=64, default="")
    until_ms = fields.BigIntField()
    step = fields.IntField(default=1)
    reason = fields.TextField()
    cause: Any = fields.CharField(max_length=32, null=True)
    "The kind of fault (providers.pooled.FaultKind) that it follows from."
    cause_job_id: Any = fields.BigIntField(null=True)
    "The job whose refusal started it; another one is preferred as its probe."
    credits_needed: Any = fields.IntField(null=True)
    "Of a refusal for want of credits: the price of what was refused. Null: unknown."
    probe_attempt_id: Any = fields.BigIntField(null=True)

    class Meta:
        table = "account_cooldown"
        unique_together = (("account_id", "kind", "model"),)


class AccountFault(Row):
    """The newest fault of a kind on an account, from which trouble of a whole site is recognized.

    kind and model "": the fault concerns all. job_id null: not of a job, but of a query or a check.
    """

    account_id = fields.BigIntField()
    fault = fields.CharField(max_length=32)
    kind = fields.CharField(max_length=8, default="")
    model = fields.CharField(max_length=64, default="")
    at_ms = fields.BigIntField()
    job_id: Any = fields.BigIntField(null=True)

    class Meta:
        table = "account_fault"
        unique_together = (("account_id", "fault", "kind", "model"),)


class SiteTrouble(Row):
    """A fault that hits most of an owner's accounts of a site: no account is blamed, and the site's work is held.

    As a cooldown, it is half-open after `until_ms`: one attempt, the probe, may run. If upstream accepts it, the row is
    deleted, and if it fails the same way, the work is held for longer.
    """

    owner = fields.CharField(max_length=255)
    provider = fields.CharField(max_length=64)
    site = fields.CharField(max_length=4, default="")
    fault = fields.CharField(max_length=32)
    kind = fields.CharField(max_length=8, default="")
    model = fields.CharField(max_length=64, default="")
    since_ms = fields.BigIntField()
    until_ms = fields.BigIntField()
    step = fields.IntField(default=1)
    reason = fields.TextField()
    probe_attempt_id: Any = fields.BigIntField(null=True)

    class Meta:
        table = "site_trouble"
        unique_together = (("owner", "provider", "site", "kind", "model"),)


class AccountUsage(Row):
    """Usage of an account on one quota day. The daily reset is a change of the key, so no job has to run for it."""

    account_id = fields.BigIntField()
    kind = fields.CharEnumField(MediaKind, max_length=8)
    day = fields.CharField(max_length=10)
    count = fields.IntField(default=0)
    credits = fields.IntField(default=0)
    "Of the tasks whose charge is known."
    credits_unknown = fields.IntField(default=0, db_default=0)
    "Number of tasks whose charge is unknown."

    class Meta:
        table = "account_usage"
        unique_together = (("account_id", "kind", "day"),)


class UploadedInput(Row):
    """A picture or film that an account has uploaded, with upstream's name of it, so that it is not uploaded twice."""

    account_id = fields.BigIntField()
    sha256 = fields.CharField(max_length=64)
    uri = fields.TextField()
    "Of a film its vid."
    width: Any = fields.IntField(null=True)
    height: Any = fields.IntField(null=True)
    "As upstream has it, in pixels. Null: not known, as of those that were uploaded before references were."
    format: Any = fields.CharField(max_length=16, null=True)
    duration_ms: Any = fields.IntField(null=True)
    "Of a film."

    class Meta:
        table = "uploaded_input"
        unique_together = (("account_id", "sha256"),)
        indexes = (Index(fields=("created_at",)),)
