from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('ekonte', '0013_priorities')]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name='UploadedInput',
            options={'table': 'uploaded_input', 'app': 'ekonte', 'unique_together': (('account_id', 'sha256'),), 'indexes': [Index(fields=['created_at'])], 'pk_attr': 'id', 'table_description': "A picture or film that an account has uploaded, with upstream's name of it, so that it is not uploaded twice."},
        ),
        ops.AddField(
            model_name='UploadedInput',
            name='duration_ms',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='UploadedInput',
            name='format',
            field=fields.CharField(null=True, max_length=16),
        ),
        ops.AddField(
            model_name='UploadedInput',
            name='height',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='UploadedInput',
            name='width',
            field=fields.IntField(null=True),
        ),
    ]
