from tortoise import migrations
from tortoise.migrations import operations as ops
from models.enums import DeactivatedBy
from models.ids import new_id
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('ekonte', '0010_prices')]

    initial = False

    operations = [
        ops.CreateModel(
            name='AccountFault',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('account_id', fields.BigIntField()),
                ('fault', fields.CharField(max_length=32)),
                ('kind', fields.CharField(default='', max_length=8)),
                ('model', fields.CharField(default='', max_length=64)),
                ('at_ms', fields.BigIntField()),
                ('job_id', fields.BigIntField(null=True)),
            ],
            options={'table': 'account_fault', 'app': 'ekonte', 'unique_together': (('account_id', 'fault', 'kind', 'model'),), 'pk_attr': 'id', 'table_description': 'The newest fault of a kind on an account, from which trouble of a whole site is recognized.'},
            bases=['Row'],
        ),
        ops.CreateModel(
            name='SiteTrouble',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('owner', fields.CharField(max_length=255)),
                ('provider', fields.CharField(max_length=64)),
                ('site', fields.CharField(default='', max_length=4)),
                ('fault', fields.CharField(max_length=32)),
                ('kind', fields.CharField(default='', max_length=8)),
                ('model', fields.CharField(default='', max_length=64)),
                ('since_ms', fields.BigIntField()),
                ('until_ms', fields.BigIntField()),
                ('step', fields.IntField(default=1)),
                ('reason', fields.TextField(unique=False)),
                ('probe_attempt_id', fields.BigIntField(null=True)),
            ],
            options={'table': 'site_trouble', 'app': 'ekonte', 'unique_together': (('owner', 'provider', 'site', 'kind', 'model'),), 'pk_attr': 'id', 'table_description': "A fault that hits most of an owner's accounts of a site: no account is blamed, and the site's work is held."},
            bases=['Row'],
        ),
        ops.AddField(
            model_name='Account',
            name='deactivated_by',
            field=fields.CharEnumField(null=True, description='OWNER: OWNER\nSERVER: SERVER', enum_type=DeactivatedBy, max_length=8),
        ),
        ops.AddField(
            model_name='Account',
            name='look_due_at_ms',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Account',
            name='looks',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='AccountCooldown',
            name='cause',
            field=fields.CharField(null=True, max_length=32),
        ),
        ops.AddField(
            model_name='AccountCooldown',
            name='cause_job_id',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='AccountCooldown',
            name='credits_needed',
            field=fields.IntField(null=True),
        ),
        ops.AddIndex(
            model_name='Job',
            index=Index(fields=['owner', 'priority_rank', 'id']),
        ),
        ops.RunSQL(
            [
                "UPDATE account SET deactivated_by = CASE WHEN status_reason = 'Deactivated by its owner.' THEN 'OWNER'"
                " ELSE 'SERVER' END WHERE status = 'INACTIVE'",
                "CREATE INDEX idx_account_look ON account (look_due_at_ms) WHERE look_due_at_ms IS NOT NULL",
            ],
            ["DROP INDEX idx_account_look"],
        ),
    ]
