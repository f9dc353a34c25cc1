"""The schema as clients see it: built from its text."""

import pytest
from graphql import GraphQLSchema, build_schema

import resolvers
from schema import print_sdl


@pytest.fixture(scope="session")
def code() -> GraphQLSchema:
    return build_schema(print_sdl(resolvers.schema))
