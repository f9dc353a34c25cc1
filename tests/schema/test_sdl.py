"""The text of the schema."""

from pathlib import Path

from graphql import GraphQLSchema

import resolvers
from schema import print_sdl

COMMITTED = Path(__file__).parents[2] / "schema" / "schema.graphql"


def test_the_committed_sdl_is_the_codes() -> None:
    assert COMMITTED.read_text("utf-8") == print_sdl(resolvers.schema)


def test_everything_has_a_description(code: GraphQLSchema) -> None:
    bare = []
    for name, type_ in code.type_map.items():
        if name.startswith("__") or name in {"ID", "String", "Int", "Float", "Boolean"}:
            continue
        if not type_.description:
            bare.append(name)
        for field_name, field in getattr(type_, "fields", {}).items():
            if not field.description:
                bare.append(f"{name}.{field_name}")
            bare += [
                f"{name}.{field_name}({argument})"
                for argument, value in getattr(field, "args", {}).items()
                if not value.description
            ]
        bare += [f"{name}.{value}" for value, it in getattr(type_, "values", {}).items() if not it.description]
    assert bare == []
