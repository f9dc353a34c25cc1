"""Base classes of all tables: the snowflake id, the creation time and the owner."""

from tortoise import fields
from tortoise.models import Model

from models.ids import global_id, new_id


class Row(Model):
    """A row with a snowflake id."""

    id = fields.BigIntField(primary_key=True, default=new_id, generated=False)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        abstract = True

    @property
    def global_id(self) -> str:
        return global_id(type(self).__name__, self.id)


class OwnedRow(Row):
    """A row that belongs to one user. No other user may read or change it."""

    owner = fields.CharField(max_length=255)

    class Meta:
        abstract = True
