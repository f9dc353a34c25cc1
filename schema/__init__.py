"""What the API looks like: types, inputs, enums and payloads, one file per subject."""

import strawberry
from strawberry.printer import print_schema


def print_sdl(schema: strawberry.Schema) -> str:
    """The schema in GraphQL's own language, with a line end at its end."""
    return print_schema(schema) + "\n"
