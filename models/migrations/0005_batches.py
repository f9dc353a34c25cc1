from tortoise import migrations
from tortoise.migrations import operations as ops
from models.alert_enums import AlertKind, AlertSeverity
from models.enums import BatchStatus, BatchType, DeliveryStatus, MediaKind, Queue
from models.ids import new_id
from models.jobs import trace_parent
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

class SameColumn(ops.AlterField):
    """Words of a column's comment: the column stays. Altering it would rebuild the table on SQLite, and lose its indexes."""

    async def database_forward(self, *_):
        return None

    async def database_backward(self, *_):
        return None


class CreatePairs(ops.CreateModel):
    """A table whose primary key are both of its columns, which Tortoise cannot say. On SQLite the key is the table."""

    async def database_forward(self, app_label, old_state, new_state, state_editor=None):
        if state_editor:
            table, (first, second) = self.options['table'], [name for name, _ in self.fields]
            ending = ' WITHOUT ROWID' if state_editor.client.capabilities.dialect == 'sqlite' else ''
            await state_editor._run_sql(
                f'CREATE TABLE "{table}" ("{first}" BIGINT NOT NULL, "{second}" BIGINT NOT NULL,'
                f' PRIMARY KEY ("{first}", "{second}")){ending}'
            )


class Migration(migrations.Migration):
    dependencies = [('ekonte', '0004_pool')]

    initial = False

    operations = [
        ops.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('owner', fields.CharField(max_length=255)),
                ('operation', fields.CharField(max_length=64)),
                ('outcome', fields.CharField(max_length=32)),
                ('named_ids', fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ('made_ids', fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ('request_id', fields.CharField(max_length=128)),
            ],
            options={'table': 'audit_entry', 'app': 'ekonte', 'indexes': [Index(fields=['owner', 'id']), Index(fields=['created_at'])], 'pk_attr': 'id', 'table_description': 'One executed or refused mutation field. Never changed, and removed after the retention time.'},
            bases=['OwnedRow'],
        ),
        ops.CreateModel(
            name='Alert',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('owner', fields.CharField(max_length=255)),
                ('kind', fields.CharEnumField(description='POOL_EXHAUSTED: POOL_EXHAUSTED\nACCOUNT_BANNED: ACCOUNT_BANNED\nACCOUNT_SESSION_EXPIRED: ACCOUNT_SESSION_EXPIRED\nCREDIT_LOW: CREDIT_LOW\nFAILURE_RATE_HIGH: FAILURE_RATE_HIGH\nBATCH_STALLED: BATCH_STALLED\nCALLBACK_FAILED: CALLBACK_FAILED\nSTORAGE_LOW: STORAGE_LOW', enum_type=AlertKind, max_length=32)),
                ('severity', fields.CharEnumField(description='INFO: INFO\nWARNING: WARNING\nCRITICAL: CRITICAL', enum_type=AlertSeverity, max_length=12)),
                ('message', fields.TextField(unique=False)),
                ('cause', fields.CharField(max_length=160)),
                ('account_id', fields.BigIntField(null=True)),
                ('batch_id', fields.BigIntField(null=True)),
                ('workflow_id', fields.BigIntField(null=True)),
                ('resolved_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('version', fields.BigIntField(default=1)),
            ],
            options={'table': 'alert', 'app': 'ekonte', 'indexes': [Index(fields=['owner', 'id']), Index(fields=['owner', 'resolved_at']), Index(fields=['resolved_at'])], 'pk_attr': 'id', 'table_description': 'Open while `resolved_at` is null. At most one is open per owner, kind and cause (a partial unique index).'},
            bases=['OwnedRow'],
        ),
        ops.CreateModel(
            name='Batch',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('owner', fields.CharField(max_length=255)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ('kind', fields.CharEnumField(description='IMAGE: IMAGE\nVIDEO: VIDEO', enum_type=MediaKind, max_length=8)),
                ('type', fields.CharEnumField(description='IMAGE_GENERATE: IMAGE_GENERATE\nIMAGE_COMPOSE: IMAGE_COMPOSE\nVIDEO_GENERATE: VIDEO_GENERATE\nVIDEO_COMPOSE: VIDEO_COMPOSE', enum_type=BatchType, max_length=16)),
                ('status', fields.CharEnumField(default=BatchStatus.PENDING, description='PENDING: PENDING\nRUNNING: RUNNING\nPAUSED: PAUSED\nSUCCEEDED: SUCCEEDED\nPARTIALLY_FAILED: PARTIALLY_FAILED\nFAILED: FAILED\nCANCELED: CANCELED', enum_type=BatchStatus, max_length=20)),
                ('project_id', fields.CharField(max_length=128)),
                ('project_name', fields.CharField(null=True, max_length=200)),
                ('work_id', fields.CharField(max_length=128)),
                ('priority_rank', fields.SmallIntField(default=2)),
                ('strategy', fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ('total_count', fields.IntField()),
                ('queue_count', fields.IntField(default=0)),
                ('estimated_seconds', fields.FloatField(null=True)),
                ('estimated_credits', fields.IntField(null=True)),
                ('skipped_storyboard_ids', fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ('warnings', fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ('credit_budget', fields.IntField(null=True)),
                ('max_parallel', fields.IntField(null=True)),
                ('callback_url', fields.TextField(null=True, unique=False)),
                ('pause_reason', fields.TextField(null=True, unique=False)),
                ('cancel_reason', fields.TextField(null=True, unique=False)),
                ('runs', fields.IntField(default=0)),
                ('started_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('finished_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('deleted_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('version', fields.BigIntField(default=1)),
            ],
            options={'table': 'batch', 'app': 'ekonte', 'indexes': [Index(fields=['owner', 'id']), Index(fields=['status'])], 'pk_attr': 'id', 'table_description': 'Its items are the GENERATE jobs with its `batch_id`. Their numbers per status are counted, not stored.'},
            bases=['OwnedRow'],
        ),
        ops.CreateModel(
            name='CallbackDelivery',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('owner', fields.CharField(max_length=255)),
                ('event', fields.CharField(max_length=32)),
                ('url', fields.TextField(unique=False)),
                ('receiver', fields.CharField(max_length=255)),
                ('subject', fields.CharField(max_length=16)),
                ('subject_id', fields.BigIntField()),
                ('body', fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ('status', fields.CharEnumField(default=DeliveryStatus.PENDING, description='PENDING: PENDING\nDELIVERED: DELIVERED\nFAILED: FAILED', enum_type=DeliveryStatus, max_length=12)),
                ('tries', fields.IntField(default=0)),
                ('round_tries', fields.IntField(default=0)),
                ('due_at_ms', fields.BigIntField(null=True)),
                ('lease_epoch', fields.IntField(default=0)),
                ('delivered_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('version', fields.BigIntField(default=1)),
            ],
            options={'table': 'callback_delivery', 'app': 'ekonte', 'indexes': [Index(fields=['status', 'due_at_ms']), Index(fields=['subject', 'subject_id']), Index(fields=['owner', 'id'])], 'pk_attr': 'id', 'table_description': 'An outbox row: written in the transaction of the reported change, and sent afterwards.'},
            bases=['OwnedRow'],
        ),
        ops.CreateModel(
            name='CallbackTry',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('delivery_id', fields.BigIntField()),
                ('number', fields.IntField()),
                ('status_code', fields.IntField(null=True)),
                ('error', fields.TextField(null=True, unique=False)),
            ],
            options={'table': 'callback_try', 'app': 'ekonte', 'unique_together': (('delivery_id', 'number'),), 'pk_attr': 'id', 'table_description': 'One try of a delivery: the HTTP status of the response, or the error.'},
            bases=['Row'],
        ),
        ops.CreateModel(
            name='StatisticsCell',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('owner', fields.CharField(max_length=255)),
                ('grain', fields.CharField(max_length=12)),
                ('project_id', fields.CharField(max_length=128)),
                ('work_id', fields.CharField(max_length=128)),
                ('kind', fields.CharEnumField(description='IMAGE: IMAGE\nVIDEO: VIDEO', enum_type=MediaKind, max_length=8)),
                ('day', fields.CharField(max_length=10)),
                ('deltas', fields.BigIntField(default=0)),
                ('succeeded', fields.IntField(default=0)),
                ('failed', fields.IntField(default=0)),
                ('canceled', fields.IntField(default=0)),
                ('switches', fields.IntField(default=0)),
                ('credits', fields.BigIntField(default=0)),
                ('generation_ms', fields.BigIntField(default=0)),
                ('times', fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ('errors', fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={'table': 'statistics_cell', 'app': 'ekonte', 'unique_together': (('owner', 'grain', 'project_id', 'work_id', 'day', 'kind'),), 'indexes': [Index(fields=['owner', 'grain', 'project_id', 'day'])], 'pk_attr': 'id', 'table_description': 'Aggregate of rolled-up deltas for one grouping (`grain`) and kind, of one day or (day empty) of all days.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='StatisticsDelta',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('job_id', fields.BigIntField()),
                ('owner', fields.CharField(max_length=255)),
                ('project_id', fields.CharField(max_length=128)),
                ('work_id', fields.CharField(max_length=128)),
                ('kind', fields.CharEnumField(description='IMAGE: IMAGE\nVIDEO: VIDEO', enum_type=MediaKind, max_length=8)),
                ('day', fields.CharField(max_length=10)),
                ('succeeded', fields.SmallIntField(default=0)),
                ('failed', fields.SmallIntField(default=0)),
                ('canceled', fields.SmallIntField(default=0)),
                ('error_code', fields.CharField(null=True, max_length=32)),
                ('switches', fields.IntField(default=0)),
                ('generation_ms', fields.BigIntField(null=True)),
                ('bucket', fields.SmallIntField(null=True)),
                ('credits', fields.IntField(default=0)),
                ('is_rolled', fields.BooleanField(default=False)),
            ],
            options={'table': 'statistics_delta', 'app': 'ekonte', 'indexes': [Index(fields=['job_id'])], 'pk_attr': 'id', 'table_description': 'What the end of a generation, or one charge, adds to the aggregates. Rows are only appended.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WebhookSecret',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('owner', fields.CharField(max_length=255)),
                ('sealed', fields.TextField(unique=False)),
                ('retires_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'webhook_secret', 'app': 'ekonte', 'indexes': [Index(fields=['owner', 'id'])], 'pk_attr': 'id', 'table_description': "An encrypted secret that signs an owner's callbacks. During a rotation there are two."},
            bases=['OwnedRow'],
        ),
        ops.AddField(
            model_name='Account',
            name='warm_due_at_ms',
            field=fields.BigIntField(null=True),
        ),
        SameColumn(
            model_name='Job',
            name='queue',
            field=fields.CharEnumField(description='PLANNING: planning\nTEXT: text\nIMAGES: images\nVIDEOS: videos\nRENDERING: rendering\nINPUTS: inputs\nPOOL_IMAGES: pool-images\nPOOL_VIDEOS: pool-videos\nCALLBACKS: callbacks', enum_type=Queue, max_length=16),
        ),
        ops.AddField(
            model_name='Job',
            name='batch_id',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Job',
            name='demand_key',
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name='Job',
            name='is_superseded',
            field=fields.BooleanField(null=True),
        ),
        ops.AddField(
            model_name='Job',
            name='waiting_since_ms',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Job',
            name='trace_parent',
            field=fields.CharField(null=True, default=trace_parent, max_length=64),
        ),
        ops.AddIndex(
            model_name='Job',
            index=Index(fields=['batch_id', 'status']),
        ),
        ops.AddField(
            model_name='ProcessLease',
            name='heartbeat_at_ms',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='ProcessLease',
            name='queues',
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name='ProcessLease',
            name='started_at_ms',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Workflow',
            name='callback_url',
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name='Workflow',
            name='pause_reason',
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name='ModelTiming',
            name='held_ms',
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddIndex(
            model_name='Attempt',
            index=Index(fields=['route_id']),
        ),
        CreatePairs(
            name='SimilarityKey',
            fields=[
                ('key', fields.BigIntField(primary_key=True, generated=False, unique=True, db_index=True)),
                ('record_id', fields.BigIntField()),
            ],
            options={'table': 'similarity_key', 'app': 'ekonte', 'pk_attr': 'key', 'table_description': 'An entry of the prompt index: records that share a key may have similar prompts.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='GenerationRecord',
            name='similarity_keys',
            field=fields.BinaryField(null=True),
        ),
        # Partial indexes are what Tortoise cannot say. All in one operation: each costs a copy of the state of all models.
        ops.RunSQL(
            [
                "CREATE INDEX idx_record_without_keys ON generation_record (id)"
                " WHERE similarity_keys IS NULL AND shown_job_id IS NOT NULL AND deleted_at IS NULL",
                "CREATE UNIQUE INDEX uid_alert_open ON alert (owner, kind, cause) WHERE resolved_at IS NULL",
                "CREATE UNIQUE INDEX uid_webhook_secret_present ON webhook_secret (owner) WHERE retires_at IS NULL",
                "CREATE INDEX idx_job_failed ON job (finished_at, queue) WHERE status = 'FAILED'",
                "CREATE INDEX idx_statistics_delta_new ON statistics_delta (owner) WHERE NOT is_rolled",
                "CREATE INDEX idx_job_live_generations ON job (owner, status, record_id)"
                " WHERE role = 'GENERATE' AND status IN ('PENDING', 'RUNNING')",
                "CREATE INDEX idx_job_ended_generations ON job (finished_at, owner, type, status)"
                " WHERE role = 'GENERATE' AND status IN ('SUCCEEDED', 'FAILED')",
                "CREATE INDEX idx_account_deleted ON account (deleted_at) WHERE deleted_at IS NOT NULL",
                "CREATE INDEX idx_batch_deleted ON batch (deleted_at) WHERE deleted_at IS NOT NULL",
                "CREATE INDEX idx_record_deleted ON generation_record (deleted_at) WHERE deleted_at IS NOT NULL",
                "CREATE INDEX idx_job_waiting ON job"
                " (queue, owner, priority_rank, demand_key, batch_id, workflow_id, id) WHERE status = 'PENDING'",
                "CREATE INDEX idx_job_going ON job (queue, owner) WHERE status = 'RUNNING'",
                "CREATE INDEX idx_delivery_due ON callback_delivery (owner, due_at_ms, id, receiver)"
                " WHERE due_at_ms IS NOT NULL",
            ],
            [
                f"DROP INDEX {name}"
                for name in (
                    "idx_delivery_due",
                    "idx_job_going",
                    "idx_job_waiting",
                    "idx_record_deleted",
                    "idx_batch_deleted",
                    "idx_account_deleted",
                    "idx_job_ended_generations",
                    "idx_job_live_generations",
                    "idx_statistics_delta_new",
                    "idx_job_failed",
                    "uid_webhook_secret_present",
                    "uid_alert_open",
                    "idx_record_without_keys",
                )
            ],
        ),
        # What was charged before these tables came counts on its quota day. What ended is counted afterwards, since SQL
        # knows no time zones (services/notifications/statistics/history), from the first job on.
        ops.RunSQL(
            [
                "INSERT INTO statistics_delta (job_id, owner, project_id, work_id, kind, day, succeeded, failed,"
                " canceled, switches, credits, is_rolled) SELECT j.id, j.owner, r.project_id, r.work_id, r.kind,"
                " a.quota_day, 0, 0, 0, 0, a.credits_spent, FALSE FROM attempt a JOIN job j ON j.id = a.job_id"
                " JOIN generation_record r ON r.id = j.record_id"
                " WHERE a.credits_spent > 0 AND a.quota_day IS NOT NULL",
                "INSERT INTO deployment_fact (name, value) SELECT 'statistics_history', '0'"
                " WHERE EXISTS (SELECT 1 FROM job WHERE role = 'GENERATE')",
            ],
            "DELETE FROM deployment_fact WHERE name = 'statistics_history'",
        ),
    ]
