"""The GraphQL API: types, inputs, enums and payloads, one file per subject."""

import strawberry
from strawberry.printer import print_schema


def print_sdl(schema: strawberry.Schema) -> str:
    """The schema in GraphQL's schema definition language, ending with a line break."""
    return print_schema(schema) + "\n"
