"""Idempotency keys and uploaded files of mutations."""

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

import anyio.to_thread
from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode
from graphql.language import FragmentDefinitionNode
from starlette.datastructures import UploadFile

from schema.context import Info
from schema.fields import given
from services.film.sources import scratch_folder
from services.platform.uploads import IncomingFile

MAX_FILE_NAME = 255


def key_for(info: Info, given_key: str | None) -> str | None:
    """The input's idempotency key; else the Idempotency-Key header, if the operation has only this root field."""
    key: str | None = given(given_key)
    if key is not None:
        return key
    if info.context.idempotency_key is not None and root_field_count(info) == 1:
        return info.context.idempotency_key
    return None


def root_field_count(info: Info) -> int:
    """The number of root fields of the operation, fragments included. A fragment spread twice counts twice."""
    raw = info._raw_info
    return _field_count(raw.operation.selection_set, raw.fragments)


def _field_count(selections: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> int:
    count = 0
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            count += 1
        elif isinstance(selection, InlineFragmentNode):
            count += _field_count(selection.selection_set, fragments)
        elif isinstance(selection, FragmentSpreadNode):
            count += _field_count(fragments[selection.name.value].selection_set, fragments)
    return count


@contextlib.asynccontextmanager
async def incoming(file: UploadFile) -> AsyncIterator[IncomingFile]:
    """Copies the uploaded file to a temporary place, which is removed at the end of the context."""
    async with scratch_folder() as folder:
        path = folder / "upload"
        size = await anyio.to_thread.run_sync(_copy, file.file, path)
        yield IncomingFile(name=storable_name(file.filename or ""), path=path, bytes=size)


def storable_name(name: str) -> str:
    """The name without what no database stores (NUL, lone surrogates), and cut to the column's length."""
    return name.replace("\x00", "").encode("utf-8", "ignore").decode()[:MAX_FILE_NAME]


def _copy(source: BinaryIO, path: Path) -> int:
    source.seek(0)
    with path.open("wb") as target:
        shutil.copyfileobj(source, target)
        return target.tell()
