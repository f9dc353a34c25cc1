from tortoise import migrations
from tortoise.migrations import operations as ops
from models.ids import new_id
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('ekonte', '0007_lists')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Revocation',
            fields=[
                ('id', fields.BigIntField(primary_key=True, generated=False, default=new_id, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('subject', fields.CharField(max_length=255)),
                ('token_id', fields.CharField(max_length=255)),
                ('issued_before', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'revocation', 'app': 'ekonte', 'unique_together': (('subject', 'token_id'),), 'pk_attr': 'id', 'table_description': 'Tokens that are no longer accepted: one token by its id, or all of a user that were issued before a time.'},
            bases=['Row'],
        ),
        ops.AddIndex(
            model_name='CallbackDelivery',
            index=Index(fields=['owner', 'receiver', 'status']),
        ),
        ops.AddField(
            model_name='IdempotencyKey',
            name='outcome',
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddIndex(
            model_name='Job',
            index=Index(fields=['owner', 'status']),
        ),
        ops.AddIndex(
            model_name='StoredFile',
            index=Index(fields=['owner', 'bytes']),
        ),
    ]
