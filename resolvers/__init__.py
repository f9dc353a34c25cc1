"""Query, mutation and subscription fields: parse the arguments, call a service, build the response."""

from resolvers.build import build_schema as build_schema
from resolvers.build import schema as schema
