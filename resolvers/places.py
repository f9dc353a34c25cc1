"""Where in a mutation's arguments a refusal lies, for errors whose maker knows only the row or the file."""

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

# What names a file or is one, beside uploads themselves.
FILE_FIELDS = frozenset({"inputFile", "inputContent", "music"})

Place = list[str]

_WORDS = {"GenerationRecord": "record", "RecordVersion": "version", "CallbackDelivery": "callback delivery"}


class PlacedErrors(FieldExtension):
    """Gives an error of the field its path within the arguments, where it has none and there is only one place."""

    async def resolve_async(self, next_: Any, source: Any, info: Info, **arguments: Any) -> Any:
        try:
            return await next_(source, info, **arguments)
        except EkonteError as error:
            error.path = within_arguments(error.path, arguments) or place_of(error, arguments)
            raise


def within_arguments(path: Place, arguments: Mapping[str, Any]) -> Place:
    """The path from the arguments on: a service that two mutations share names a field, and one has it in `input`."""
    is_field = bool(path) and path[0] not in map(to_camel_case, arguments) and "input" in arguments
    return ["input", *path] if is_field else path


def place_of(error: EkonteError, arguments: Mapping[str, Any]) -> Place:
    """The path of what the error is about; empty where that is not one place.

    arguments: as the resolver got them. A row that is not there is found by its model, a refused file by its field.
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
    """What people call a row of that model."""
    return _WORDS.get(model, model.lower())


def _leaves(arguments: Mapping[str, Any]) -> Iterator[tuple[Any, Place]]:
    """The values that were given, with their paths by the names that the schema has.

    Walks without recursion: a caller decides how deep its values are nested.
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
