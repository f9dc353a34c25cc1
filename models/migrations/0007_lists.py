"""Projects of workflows, subtitles in a second format, and the indexes of orders that lists offer."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.enums import FileRole


class SameColumn(ops.AlterField):
    """Words of a column's comment: the column stays. Altering it would rebuild the table on SQLite, and lose its
    indexes."""

    async def database_forward(self, *_):
        return None

    async def database_backward(self, *_):
        return None


class AddFilled(ops.AddField):
    """A column without nulls in a table with rows: they get the field's default, which Tortoise keeps to itself."""

    async def database_forward(self, app_label, old_state, new_state, state_editor=None):
        if state_editor:
            await state_editor._run_sql(
                f'ALTER TABLE "{self.model_name.lower()}" ADD COLUMN "{self.name}"'
                f" VARCHAR({self.field.max_length}) NOT NULL DEFAULT '{self.field.default}'"
            )


ROLES = "\n".join(f"{role.name}: {role.value}" for role in FileRole)


class Migration(migrations.Migration):
    dependencies = [("ekonte", "0006_credits_due")]

    initial = False

    operations = [
        *(
            SameColumn(
                model_name=model,
                name="role",
                field=fields.CharEnumField(description=ROLES, enum_type=FileRole, max_length=16),
            )
            for model in ("ArtifactFile", "JobFile")
        ),
        AddFilled("Workflow", "project_id", fields.CharField(default="default", max_length=128)),
        ops.AddField("Workflow", "project_name", fields.CharField(null=True, max_length=200)),
        ops.AddIndex("Workflow", Index(fields=["owner", "updated_at", "id"])),
        ops.AddIndex("GenerationRecord", Index(fields=["owner", "updated_at", "id"])),
        ops.AddIndex("GenerationRecord", Index(fields=["owner", "storyboard_id", "id"])),
        ops.AddIndex("GenerationRecord", Index(fields=["owner", "project_id", "work_id", "kind", "deleted_at", "id"])),
        # Those that have not ended come after all that have; Tortoise cannot say an index of an expression.
        ops.RunSQL(
            "CREATE INDEX idx_job_owner_finished ON job"
            " (owner, COALESCE(finished_at, '9999-12-31 00:00:00+00:00'), id)",
            "DROP INDEX idx_job_owner_finished",
        ),
    ]
