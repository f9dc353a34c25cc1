"""Finds the argument path of an error raised by code that knows only the row or the file."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.datastructures import UploadFile
from strawberry import UNSET
from strawberry.extensions import FieldExtension
from strawberry.types import Info
from strawberry.utils.str_converters import to_camel_case

from errors import EkonteError, FileTooLargeError, NotFoundError, UnsupportedFileError, WorkflowNotFoundError, not_found
from models.ids import parse_global_id

# Arguments other than uploads that name or contain a file.
FILE_FIELDS = frozenset({"inputFile", "inputContent", "music"})

Place = list[str]

_WORDS = {"GenerationRecord": "record", "RecordVersion": "version", "CallbackDelivery": "callback delivery"}


class PlacedErrors(FieldExtension):
    """Sets the argument path of an error that has none, where exactly one argument can be at fault."""

    async def resolve_async(self, next_: Any, source: Any, info: Info, **arguments: Any) -> Any:
        try:
            return await next_(source, info, **arguments)
        except EkonteError as error:
            error.path = within_arguments(error.path, arguments) or place_of(error, arguments)
            raise


def within_arguments(path: Place, arguments: Mapping[str, Any]) -> Place:
    """The full path from the arguments. A service shared by two mutations names only the field, which one of them has
    inside `input`.
    """
    is_field = bool(path) and path[0] not in map(to_camel_case, arguments) and "input" in arguments
    return ["input", *path] if is_field else path


def place_of(error: EkonteError, arguments: Mapping[str, Any]) -> Place:
    """The path of the argument at fault; empty where there is none or more than one candidate.

    arguments: those of the resolver. A missing row is matched by its model, a refused file by its field.
    """
    leaves = list(_leaves(arguments))
    if isinstance(error, UnsupportedFileError | FileTooLargeError):
        places = [path for value, path in leaves if isinstance(value, UploadFile) or path[-1] in FILE_FIELDS]
    elif isinstance(error, NotFoundError | WorkflowNotFoundError):
        places = [path for value, path in leaves if isinstance(value, str) and _is_meant(error, value)]
    else:
        places = []
    return places[0] if len(places) == 1 else []


def _is_meant(error: EkonteError, global_id: str) -> bool:
    parsed = parse_global_id(global_id)
    return parsed is not None and error.message == not_found(word_of(parsed[0])).message


def word_of(model: str) -> str:
    """The user-facing word for a row of that model."""
    return _WORDS.get(model, model.lower())


def _leaves(arguments: Mapping[str, Any]) -> Iterator[tuple[Any, Place]]:
    """The given values with their paths in schema names.

    Walks without recursion, because callers control the nesting depth.
    """
    waiting: list[tuple[Any, Place]] = [(arguments, [])]
    while waiting:
        value, path = waiting.pop()
        if dataclasses.is_dataclass(value):
            value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        if isinstance(value, Mapping):
            waiting.extend((inner, [*path, to_camel_case(str(name))]) for name, inner in value.items())
        elif isinstance(value, list | tuple):
            waiting.extend((inner, [*path, str(index)]) for index, inner in enumerate(value))
        elif value is not None and value is not UNSET:
            yield value, path
