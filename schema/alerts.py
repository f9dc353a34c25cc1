"""Alerts: problems that need a person's attention."""

from datetime import datetime

import strawberry

from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert as AlertRow
from schema.accounts import Account
from schema.batches import Batch
from schema.context import Info
from schema.enums import describe
from schema.fields import resolved
from schema.jobs import Job
from schema.links import linked
from schema.paging import Node
from schema.workflows import Workflow

describe(
    AlertKind,
    "The kind of problem that an alert is about.",
    POOL_EXHAUSTED="Jobs wait for accounts of a provider, and no account could take them even with a free slot.",
    ACCOUNT_BANNED="Upstream has banned an account: it gets no more work.",
    ACCOUNT_SESSION_EXPIRED="Upstream no longer accepts an account's session: it gets no more work until that works.",
    CREDIT_LOW="An account has few credits left, or a batch or workflow is paused by its budget.",
    FAILURE_RATE_HIGH="Too many of the recently ended pictures or clips have failed.",
    BATCH_STALLED="A batch is running, but none of its jobs has started or ended for a long time.",
    CALLBACK_FAILED="A callback could not be delivered and is no longer retried.",
    STORAGE_LOW="A disk of the deployment is nearly full.",
    TASK_MISSING="Upstream accepted a task and no longer tells of it: its slot counts as free, and it is looked for.",
    SITE_TROUBLE="Most accounts of a site meet the same fault: its work is held, and no account is blamed.",
)
describe(
    AlertSeverity,
    "How urgent an alert is.",
    INFO="Not urgent.",
    WARNING="Today.",
    CRITICAL="Urgent: work is blocked, or soon will be.",
)


@strawberry.type(description="A problem that needs attention: raised once per cause, closed when the cause has passed.")
class Alert(Node):
    row: strawberry.Private[AlertRow]
    kind: AlertKind = strawberry.field(description="The kind of problem.")
    severity: AlertSeverity = strawberry.field(
        description="How urgent it is. CRITICAL: work is blocked, or soon will be."
    )
    message: str = strawberry.field(description="What happened, to what, and what to do, as human-readable text.")
    created_at: datetime = strawberry.field(description="When it was raised.")
    resolved_at: datetime | None = strawberry.field(description="Set when the cause has passed.")

    @resolved("The account that it is about, even if deleted.")
    async def account(self, info: Info) -> Account | None:
        return await linked(info.context.loaders.past_account_by_id, self.row.account_id, Account.from_row)

    @resolved("The batch that it is about.")
    async def batch(self, info: Info) -> Batch | None:
        return await linked(info.context.loaders.batch_by_id, self.row.batch_id, Batch.from_row)

    @resolved("The workflow that it is about.")
    async def workflow(self, info: Info) -> Workflow | None:
        return await linked(info.context.loaders.workflow_by_id, self.row.workflow_id, Workflow.from_row)

    @resolved("The job that it is about.")
    async def job(self, info: Info) -> Job | None:
        return await linked(info.context.loaders.job_by_id, self.row.job_id, Job.from_row)

    @staticmethod
    def from_row(row: AlertRow) -> "Alert":
        return Alert(
            row=row,
            id=strawberry.ID(row.global_id),
            kind=row.kind,
            severity=row.severity,
            message=row.message,
            created_at=row.created_at,
            resolved_at=row.resolved_at,
        )
