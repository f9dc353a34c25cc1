"""The plan of what to check in a schema's arguments: computed once, from their types and the table in schema.bounds."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
)

from errors import BadInputError, EkonteError
from schema.bounds import (
    GLOBAL_ID_CHARACTERS,
    JSON_BYTES,
    NEVER_EMPTY,
    REFUSED_ONE_BY_ONE,
    characters_of,
    items_of,
)

Path = tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """characters None: the reader of the text has the bound."""

    characters: int | None
    is_empty_allowed: bool = True

    def faults(self, value: Any, path: Path) -> Iterator[EkonteError]:
        if not value and not self.is_empty_allowed:
            yield _fault(path, "must not be empty.")
        if self.characters is not None and len(value) > self.characters:
            yield _fault(path, f"has at most {self.characters:,} characters; this has {len(value):,}.")

    def sentence(self) -> str | None:
        return None if self.characters is None else f"At most {self.characters:,} characters."


@dataclass(frozen=True)
class Json:
    bytes: int

    def faults(self, value: Any, path: Path) -> Iterator[EkonteError]:
        if len(orjson.dumps(value)) > self.bytes:
            yield _fault(path, f"may have at most {self.bytes // 1024} KB of JSON.")

    def sentence(self) -> str | None:
        return f"At most {self.bytes // 1024} KB."


@dataclass(frozen=True)
class Number:
    def faults(self, value: Any, path: Path) -> Iterator[EkonteError]:
        if not math.isfinite(value):
            yield _fault(path, "must be a finite number.")

    def sentence(self) -> str | None:
        return None


@dataclass(frozen=True)
class Items:
    """each None: the items are checked by the service, each on its own."""

    most: int
    each: "Bound | None"

    def faults(self, value: Any, path: Path) -> Iterator[EkonteError]:
        if len(value) > self.most:
            yield _fault(path, f"has at most {self.most:,} items; this has {len(value):,}.")
        elif self.each is not None:
            for index, item in enumerate(value):
                if item is not None:
                    yield from self.each.faults(item, (*path, str(index)))

    def sentence(self) -> str | None:
        inner = self.each.characters if isinstance(self.each, Text) else None
        each = f" of at most {inner:,} characters each" if inner not in (None, GLOBAL_ID_CHARACTERS) else ""
        return f"At most {self.most:,} items{each}."


@dataclass(frozen=True)
class Fields:
    """An input object's bounded fields. Filled after its creation, because input types may contain themselves."""

    bounds: dict[str, "Bound"]

    def faults(self, value: Mapping[str, Any], path: Path) -> Iterator[EkonteError]:
        for name, bound in self.bounds.items():
            inner = value.get(name)
            if inner is not None:
                yield from bound.faults(inner, (*path, name))

    def sentence(self) -> str | None:
        return None


Bound = Text | Json | Number | Items | Fields


def _fault(path: Path, rest: str) -> BadInputError:
    name = next((step for step in reversed(path) if not step.isdigit()), "The value")
    return BadInputError(f"{name} {rest}", path=path)


class Plan:
    """The bounds of a schema's arguments and input fields."""

    def __init__(self) -> None:
        self._inputs: dict[str, Fields] = {}

    def arguments(self, owner: str, name: str, field: GraphQLField) -> Fields:
        """The bounded arguments of a field; adds the bounds to their descriptions."""
        bounds: dict[str, Bound] = {}
        for argument, value in field.args.items():
            bound = self.bound(value.type, argument, f"{owner}.{name}({argument}:)")
            if bound is not None:
                value.description = _described(value.description, bound)
                bounds[argument] = bound
        return Fields(bounds)

    def bound(self, kind: GraphQLInputType, name: str, coordinate: str) -> Bound | None:
        if isinstance(kind, GraphQLNonNull):
            return self.bound(kind.of_type, name, coordinate)
        if isinstance(kind, GraphQLList):
            each = None if coordinate in REFUSED_ONE_BY_ONE else self.bound(kind.of_type, name, coordinate)
            return Items(items_of(name, coordinate), each)
        if isinstance(kind, GraphQLInputObjectType):
            return self._fields(kind)
        return self._scalar(kind, name, coordinate) if isinstance(kind, GraphQLScalarType) else None

    def _scalar(self, kind: GraphQLScalarType, name: str, coordinate: str) -> Bound | None:
        if kind.name == "ID":
            return Text(GLOBAL_ID_CHARACTERS)
        if kind.name == "String":
            return Text(characters_of(name, coordinate), is_empty_allowed=name not in NEVER_EMPTY)
        if kind.name == "JSON":
            return Json(JSON_BYTES)
        return Number() if kind.name == "Float" else None

    def _fields(self, kind: GraphQLInputObjectType) -> Fields:
        if kind.name not in self._inputs:
            self._inputs[kind.name] = fields = Fields({})
            for name, field in kind.fields.items():
                bound = self.bound(field.type, name, f"{kind.name}.{name}")
                if bound is not None:
                    field.description = _described(field.description, bound)
                    fields.bounds[name] = bound
        return self._inputs[kind.name]


def _described(text: str | None, bound: Bound) -> str | None:
    """The description with the bound, unless it has the number already, or it is the one of all ids."""
    sentence = bound.sentence()
    if sentence is None or bound == Text(GLOBAL_ID_CHARACTERS) or text is None:
        return text
    most = bound.characters if isinstance(bound, Text) else bound.most if isinstance(bound, Items) else None
    plain = text.replace(",", "")
    if most is not None and any(word.strip(".;:()") == str(most) for word in plain.split()):
        return text
    return text if sentence in text else f"{text} {sentence}"


def bounds_of(core: GraphQLSchema) -> Iterator[tuple[str, GraphQLInputType, Bound | None]]:
    """The coordinate, type and bound of each argument and input field of a schema."""
    plan = Plan()
    for owner in core.type_map.values():
        if isinstance(owner, GraphQLObjectType) and not owner.name.startswith("__"):
            for field_name, field in owner.fields.items():
                for name, argument in field.args.items():
                    coordinate = f"{owner.name}.{field_name}({name}:)"
                    yield coordinate, argument.type, plan.bound(argument.type, name, coordinate)
        elif isinstance(owner, GraphQLInputObjectType):
            for name, inner in owner.fields.items():
                coordinate = f"{owner.name}.{name}"
                yield coordinate, inner.type, plan.bound(inner.type, name, coordinate)
