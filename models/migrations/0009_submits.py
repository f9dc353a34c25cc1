"""Attempts know when they were sent last, and alerts their job."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.alert_enums import AlertKind


class SameColumn(ops.AlterField):
    """Words of a column's comment: the column stays. Altering it would rebuild the table on SQLite, and lose its
    indexes."""

    async def database_forward(self, *_):
        return None

    async def database_backward(self, *_):
        return None


KINDS = "\n".join(f"{kind.name}: {kind.value}" for kind in AlertKind)


class Migration(migrations.Migration):
    dependencies = [('ekonte', '0008_owners')]

    initial = False

    operations = [
        SameColumn(
            model_name='Alert',
            name='kind',
            field=fields.CharEnumField(description=KINDS, enum_type=AlertKind, max_length=32),
        ),
        ops.AddField(
            model_name='Alert',
            name='job_id',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Attempt',
            name='last_sent_at_ms',
            field=fields.BigIntField(null=True),
        ),
    ]
