"""Query, mutation and subscription fields: parse, ask a service, shape."""

from resolvers.build import build_schema as build_schema
from resolvers.build import schema as schema
