"""Payloads of mutations as JSON, with ids in place of objects, and back again with the objects as they are now."""

import asyncio
import dataclasses
from enum import Enum
from typing import Any

import strawberry
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.enum import StrawberryEnumDefinition

from errors import ConflictError
from models.base import OwnedRow
from models.callbacks import WebhookSecret as SecretRow
from resolvers.nodes import load_node
from schema.callbacks import WebhookSecret
from schema.catalogue import Viewer
from schema.context import Info
from schema.paging import Node
from services.platform.owned import rows_by_id

NODE, ROW, VIEWER, TYPE, ENUM = "$node", "$row", "$viewer", "$type", "$enum"
"Keys of what stands for a node (its id), another row (its type and id), the caller, a type and an enum's value."
# Types of rows without an id of their own in the API.
ROWS: dict[str, tuple[type[Any], type[OwnedRow]]] = {
    "WebhookSecret": (WebhookSecret, SecretRow),
}


def outcome_of(value: Any) -> Any:
    """The JSON of a payload. Raises TypeError for a value that it cannot contain."""
    if isinstance(value, Viewer):
        return {VIEWER: True}
    if type(value).__name__ in ROWS:
        return {ROW: [type(value).__name__, value.row.id]}
    if isinstance(value, Node):
        return {NODE: str(value.id)}
    if isinstance(value, Enum):
        return {ENUM: [type(value).__name__, value.name]}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple):
        return [outcome_of(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            field.name: outcome_of(getattr(value, field.name)) for field in dataclasses.fields(value) if field.init
        }
        return {TYPE: type(value).__name__, **fields}
    raise TypeError(f"a payload cannot contain {type(value).__name__}")


async def payload_of(outcome: Any, info: Info) -> Any:
    """The payload, with its objects as they are now. Raises ConflictError if one of them has been deleted since."""
    if isinstance(outcome, list):
        return list(await asyncio.gather(*(payload_of(item, info) for item in outcome)))
    if not isinstance(outcome, dict):
        return outcome
    if VIEWER in outcome:
        return Viewer.of(info.context.viewer)
    if NODE in outcome:
        node = await load_node(info, outcome[NODE], Node)
        if node is None:
            raise _gone()
        return node
    if ROW in outcome:
        return await _of_row(info, *outcome[ROW])
    if ENUM in outcome:
        name, member = outcome[ENUM]
        enum = info.schema.get_type_by_name(name)
        assert isinstance(enum, StrawberryEnumDefinition)
        return enum.wrapped_cls[member]
    kind = info.schema.get_type_by_name(outcome[TYPE])
    assert isinstance(kind, StrawberryObjectDefinition)
    names = [name for name in outcome if name != TYPE]
    values = await asyncio.gather(*(payload_of(outcome[name], info) for name in names))
    return kind.origin(**dict(zip(names, values, strict=True)))


async def _of_row(info: Info, name: str, row_id: int) -> Any:
    kind, model = ROWS[name]
    row = (await rows_by_id(model, info.context.owner, [row_id])).get(row_id)
    if row is None:
        raise _gone()
    return kind.from_row(row)


def _gone() -> ConflictError:
    return ConflictError("An object in the answer to this idempotency key has been deleted since.")


def comparable(value: Any) -> Any:
    """A mutation's argument as JSON, for comparing the input of two requests; without its idempotency key."""
    if value is strawberry.UNSET:
        return {"$unset": True}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: comparable(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.name != "idempotency_key"
        }
    if isinstance(value, dict):
        return {str(name): comparable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [comparable(item) for item in value]
    return value
