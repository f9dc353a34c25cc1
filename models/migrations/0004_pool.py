from tortoise import migrations
from tortoise.migrations import operations as ops
from models.enums import AccountStatus, AccountType, AttemptOutcome, AttemptState, JobRole, MediaKind, Queue, Site
from models.ids import new_id
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


class Migration(migrations.Migration):
    dependencies = [('ekonte', '0003_deployment_facts')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Account',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('owner', fields.CharField(max_length=255)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ('name', fields.CharField(max_length=200)),
                ('provider', fields.CharField(max_length=64)),
                ('type', fields.CharEnumField(null=True, description='DOMESTIC: DOMESTIC\nINTERNATIONAL: INTERNATIONAL', enum_type=AccountType, max_length=16)),
                ('site', fields.CharEnumField(null=True, description='CN: CN\nUS: US\nHK: HK\nJP: JP\nSG: SG', enum_type=Site, max_length=4)),
                ('status', fields.CharEnumField(default=AccountStatus.ACTIVE, description='ACTIVE: ACTIVE\nINACTIVE: INACTIVE\nBANNED: BANNED', enum_type=AccountStatus, max_length=16)),
                ('status_reason', fields.TextField(null=True, unique=False)),
                ('session_sealed', fields.TextField(unique=False)),
                ('session_hash', fields.CharField(max_length=64)),
                ('session_hint', fields.CharField(max_length=4)),
                ('priority', fields.IntField(default=100)),
                ('max_concurrent', fields.IntField(default=3)),
                ('daily_image_limit', fields.IntField(null=True)),
                ('daily_video_limit', fields.IntField(null=True)),
                ('learned_image_limit', fields.IntField(null=True)),
                ('learned_video_limit', fields.IntField(null=True)),
                ('learned_at_ms', fields.BigIntField(default=0)),
                ('image_exhausted_until_ms', fields.BigIntField(default=0)),
                ('video_exhausted_until_ms', fields.BigIntField(default=0)),
                ('credit_balance', fields.IntField(null=True)),
                ('checked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('received_day', fields.CharField(null=True, max_length=10)),
                ('consecutive_failures', fields.IntField(default=0)),
                ('last_used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('poll_lease_until_ms', fields.BigIntField(default=0)),
                ('poll_epoch', fields.IntField(default=0)),
                ('deleted_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('version', fields.BigIntField(default=1)),
            ],
            options={'table': 'account', 'app': 'ekonte', 'indexes': [Index(fields=['owner', 'priority', 'id']), Index(fields=['owner', 'last_used_at']), Index(fields=['owner', 'id'])], 'pk_attr': 'id', 'table_description': "One account of a pooled provider. Times in milliseconds are the database's clock."},
            bases=['OwnedRow'],
        ),
        ops.CreateModel(
            name='AccountCooldown',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('account_id', fields.BigIntField()),
                ('kind', fields.CharField(default='', max_length=8)),
                ('model', fields.CharField(default='', max_length=64)),
                ('until_ms', fields.BigIntField()),
                ('step', fields.IntField(default=1)),
                ('reason', fields.TextField(unique=False)),
                ('probe_attempt_id', fields.BigIntField(null=True)),
            ],
            options={'table': 'account_cooldown', 'app': 'ekonte', 'unique_together': (('account_id', 'kind', 'model'),), 'pk_attr': 'id', 'table_description': 'Blocks an account for a kind ("": any) and model ("": any) until `until_ms`.'},
            bases=['Row'],
        ),
        ops.CreateModel(
            name='AccountUsage',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('account_id', fields.BigIntField()),
                ('kind', fields.CharEnumField(description='IMAGE: IMAGE\nVIDEO: VIDEO', enum_type=MediaKind, max_length=8)),
                ('day', fields.CharField(max_length=10)),
                ('count', fields.IntField(default=0)),
                ('credits', fields.IntField(default=0)),
            ],
            options={'table': 'account_usage', 'app': 'ekonte', 'unique_together': (('account_id', 'kind', 'day'),), 'pk_attr': 'id', 'table_description': 'Usage of an account on one quota day. The daily reset is a change of the key, so no job has to run for it.'},
            bases=['Row'],
        ),
        ops.CreateModel(
            name='Attempt',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('owner', fields.CharField(max_length=255)),
                ('job_id', fields.BigIntField()),
                ('run', fields.IntField(default=0)),
                ('number', fields.IntField()),
                ('account_id', fields.BigIntField(null=True)),
                ('provider', fields.CharField(max_length=64)),
                ('site', fields.CharEnumField(null=True, description='CN: CN\nUS: US\nHK: HK\nJP: JP\nSG: SG', enum_type=Site, max_length=4)),
                ('kind', fields.CharEnumField(description='IMAGE: IMAGE\nVIDEO: VIDEO', enum_type=MediaKind, max_length=8)),
                ('model', fields.CharField(max_length=64)),
                ('route_id', fields.BigIntField(null=True)),
                ('submit_id', fields.CharField(max_length=36)),
                ('history_id', fields.CharField(null=True, max_length=64)),
                ('state', fields.CharEnumField(default=AttemptState.PLACED, description='PLACED: PLACED\nSENT: SENT\nACCEPTED: ACCEPTED\nFETCHING: FETCHING\nENDED: ENDED', enum_type=AttemptState, max_length=12)),
                ('outcome', fields.CharEnumField(default=AttemptOutcome.RUNNING, description='RUNNING: RUNNING\nSUCCEEDED: SUCCEEDED\nSWITCHED: SWITCHED\nFAILED: FAILED\nCANCELED: CANCELED', enum_type=AttemptOutcome, max_length=12)),
                ('error', fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ('is_manual', fields.BooleanField(default=False)),
                ('is_detached', fields.BooleanField(default=False)),
                ('is_draining', fields.BooleanField(default=False)),
                ('credits_expected', fields.IntField(null=True)),
                ('credits_spent', fields.IntField(null=True)),
                ('quota_day', fields.CharField(null=True, max_length=10)),
                ('sends', fields.IntField(default=0)),
                ('failures', fields.IntField(default=0)),
                ('polls', fields.IntField(default=0)),
                ('placed_at_ms', fields.BigIntField(default=0)),
                ('sent_at_ms', fields.BigIntField(null=True)),
                ('accepted_at_ms', fields.BigIntField(null=True)),
                ('missing_since_ms', fields.BigIntField(null=True)),
                ('queued_ms', fields.BigIntField(default=0)),
                ('last_poll_at_ms', fields.BigIntField(null=True)),
                ('done_at_ms', fields.BigIntField(null=True)),
                ('fetch_since_ms', fields.BigIntField(null=True)),
                ('released_at_ms', fields.BigIntField(null=True)),
                ('finished_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('due_at_ms', fields.BigIntField(null=True)),
                ('lease_epoch', fields.IntField(default=0)),
                ('upstream', fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={'table': 'attempt', 'app': 'ekonte', 'unique_together': (('job_id', 'number'),), 'indexes': [Index(fields=['state', 'due_at_ms']), Index(fields=['account_id', 'released_at_ms']), Index(fields=['account_id', 'id'])], 'pk_attr': 'id', 'table_description': 'One try of a GENERATE job on one account. It holds a slot of the account until `released_at_ms` is set.'},
            bases=['OwnedRow'],
        ),
        ops.CreateModel(
            name='GenerationRecord',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('owner', fields.CharField(max_length=255)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ('kind', fields.CharEnumField(description='IMAGE: IMAGE\nVIDEO: VIDEO', enum_type=MediaKind, max_length=8)),
                ('project_id', fields.CharField(max_length=128)),
                ('project_name', fields.CharField(null=True, max_length=200)),
                ('work_id', fields.CharField(max_length=128)),
                ('storyboard_id', fields.CharField(max_length=128)),
                ('provider', fields.CharField(max_length=64)),
                ('model', fields.CharField(max_length=64)),
                ('prompt', fields.TextField(unique=False)),
                ('params', fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ('request_sha256', fields.CharField(max_length=64)),
                ('callback_url', fields.TextField(null=True, unique=False)),
                ('current_job_id', fields.BigIntField(null=True)),
                ('shown_job_id', fields.BigIntField(null=True)),
                ('chosen_file_id', fields.BigIntField(null=True)),
                ('is_reused', fields.BooleanField(default=False)),
                ('version_count', fields.IntField(default=0)),
                ('deleted_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('version', fields.BigIntField(default=1)),
            ],
            options={'table': 'generation_record', 'app': 'ekonte', 'indexes': [Index(fields=['owner', 'id']), Index(fields=['owner', 'work_id', 'storyboard_id']), Index(fields=['owner', 'request_sha256'])], 'pk_attr': 'id', 'table_description': 'One per owner, project, work, storyboard and kind while it is not deleted.'},
            bases=['OwnedRow'],
        ),
        ops.CreateModel(
            name='JobInput',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('job_id', fields.BigIntField()),
                ('position', fields.IntField()),
                ('file_id', fields.BigIntField()),
            ],
            options={'table': 'job_input', 'app': 'ekonte', 'unique_together': (('job_id', 'position'),), 'indexes': [Index(fields=['file_id'])], 'pk_attr': 'id', 'table_description': 'An input file of a job, kept as long as the job.'},
            bases=['Row'],
        ),
        ops.CreateModel(
            name='ModelTiming',
            fields=[
                ('key', fields.CharField(primary_key=True, generated=False, unique=True, db_index=True, max_length=160)),
                ('durations_ms', fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={'table': 'model_timing', 'app': 'ekonte', 'pk_attr': 'key', 'table_description': "Measured durations of a model: the newest ones in milliseconds, without upstream's queue."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RecordVersion',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('owner', fields.CharField(max_length=255)),
                ('record_id', fields.BigIntField()),
                ('number', fields.IntField()),
                ('job_id', fields.BigIntField()),
                ('model', fields.CharField(max_length=64)),
                ('prompt', fields.TextField(unique=False)),
                ('params', fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ('chosen_file_id', fields.BigIntField(null=True)),
            ],
            options={'table': 'record_version', 'app': 'ekonte', 'unique_together': (('record_id', 'number'),), 'pk_attr': 'id', 'table_description': 'An earlier result of a record: the job that produced it, and its request.'},
            bases=['OwnedRow'],
        ),
        ops.CreateModel(
            name='Route',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('candidates', fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={'table': 'route', 'app': 'ekonte', 'pk_attr': 'id', 'table_description': 'The accounts considered by a scheduling pass, shared by the attempts it created.'},
            bases=['Row'],
        ),
        ops.CreateModel(
            name='SchedulerLease',
            fields=[
                ('kind', fields.CharField(primary_key=True, generated=False, unique=True, db_index=True, max_length=8)),
                ('holder', fields.CharField(max_length=64)),
                ('until_ms', fields.BigIntField()),
            ],
            options={'table': 'scheduler_lease', 'app': 'ekonte', 'pk_attr': 'kind', 'table_description': 'Lease that lets one process at a time schedule a kind.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='UploadedInput',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('account_id', fields.BigIntField()),
                ('sha256', fields.CharField(max_length=64)),
                ('uri', fields.TextField(unique=False)),
            ],
            options={'table': 'uploaded_input', 'app': 'ekonte', 'unique_together': (('account_id', 'sha256'),), 'indexes': [Index(fields=['created_at'])], 'pk_attr': 'id', 'table_description': "An input picture that an account has uploaded, with upstream's URI, so that it is not uploaded twice."},
            bases=['Row'],
        ),
        ops.AlterModelOptions(
            name='Job',
            options={'table': 'job', 'app': 'ekonte', 'indexes': [Index(fields=['queue', 'status', 'due_at_ms']), Index(fields=['parent_id', 'status']), Index(fields=['target_id', 'role', 'status']), Index(fields=['workflow_id', 'id']), Index(fields=['owner', 'id']), Index(fields=['record_id', 'id'])], 'pk_attr': 'id', 'table_description': 'A STAGE job plans BUILD jobs, its children, and waits for them. A BUILD job creates one artifact. A GENERATE job'},
        ),
        SameColumn(
            model_name='Job',
            name='queue',
            field=fields.CharEnumField(description='PLANNING: planning\nTEXT: text\nIMAGES: images\nVIDEOS: videos\nRENDERING: rendering\nINPUTS: inputs\nPOOL_IMAGES: pool-images\nPOOL_VIDEOS: pool-videos', enum_type=Queue, max_length=16),
        ),
        SameColumn(
            model_name='Job',
            name='role',
            field=fields.CharEnumField(description='STAGE: STAGE\nBUILD: BUILD\nGENERATE: GENERATE', enum_type=JobRole, max_length=8),
        ),
        ops.AddField(
            model_name='Job',
            name='record_id',
            field=fields.BigIntField(null=True),
        ),
        ops.AddIndex(
            model_name='Job',
            index=Index(fields=['record_id', 'id']),
        ),
        ops.AddField(
            model_name='StoredFile',
            name='source_url',
            field=fields.TextField(null=True, unique=False),
        ),
        # Partial indexes are what Tortoise cannot say.
        ops.RunSQL(
            "CREATE UNIQUE INDEX uid_account_session ON account (owner, provider, session_hash)"
            " WHERE deleted_at IS NULL",
            "DROP INDEX uid_account_session",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX uid_record_place ON generation_record"
            " (owner, project_id, work_id, storyboard_id, kind) WHERE deleted_at IS NULL",
            "DROP INDEX uid_record_place",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX uid_job_live_generation ON job (record_id)"
            " WHERE role = 'GENERATE' AND status IN ('PENDING', 'RUNNING')",
            "DROP INDEX uid_job_live_generation",
        ),
        ops.RunSQL(
            "CREATE INDEX idx_attempt_slots ON attempt (account_id, kind) WHERE released_at_ms IS NULL",
            "DROP INDEX idx_attempt_slots",
        ),
        ops.RunSQL("CREATE INDEX idx_attempt_route ON attempt (route_id)", "DROP INDEX idx_attempt_route"),
    ]
