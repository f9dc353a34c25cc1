"""Checks the arguments of every field against their bounds before its resolver runs, and tells all faults at once.

Fields without bounded arguments are left as they are.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import strawberry
from graphql import GraphQLObjectType, GraphQLSchema

from errors import EkonteError, ErrorCode, refusal_of
from resolvers.auditing import write_refusal
from resolvers.bound_plan import Fields, Plan
from services.platform.faults import request_faults

MAX_FAULTS = 100

# Mutations whose service tells the faults of the input's content together with those of its form, before it does
# anything (services.platform.faults).
COLLECTING = frozenset(
    {
        "createWorkflow",
        "createScript",
        "createAssets",
        "regenerateAsset",
        "createStoryboard",
        "editShot",
        "regenerateShots",
        "createAnimatic",
        "generateSpeech",
        "createVideo",
        "createEdit",
        "addBackgroundMusic",
        "generateImage",
        "generateVideo",
        "regenerate",
        "createImageBatch",
        "createVideoBatch",
    }
)


def bind(schema: strawberry.Schema) -> strawberry.Schema:
    """The schema, whose fields refuse arguments beyond their bounds, and whose descriptions name them."""
    core: GraphQLSchema = schema._schema
    plan = Plan()
    for owner in list(core.type_map.values()):
        if not isinstance(owner, GraphQLObjectType) or owner.name.startswith("__"):
            continue
        for name, field in owner.fields.items():
            bounds = plan.arguments(owner.name, name, field)
            if not bounds.bounds:
                continue
            if owner is core.subscription_type and field.subscribe is not None:
                field.subscribe = _checked(bounds, field.subscribe)
            elif owner is core.mutation_type and field.resolve is not None:
                field.resolve = _checked_mutation(name, bounds, field.resolve)
            elif field.resolve is not None:
                field.resolve = _checked(bounds, field.resolve)
    return schema


Resolve = Callable[..., Any]


def _checked(bounds: Fields, resolve: Resolve) -> Resolve:
    def resolve_bounded(source: Any, info: Any, **arguments: Any) -> Any:
        if faults := _faults(bounds, arguments):
            raise refusal_of(faults)
        return resolve(source, info, **arguments)

    return resolve_bounded


def _checked_mutation(name: str, bounds: Fields, resolve: Resolve) -> Resolve:
    """A refused mutation is written to the audit log too, where its resolver does not do so."""

    async def resolve_bounded(source: Any, info: Any, **arguments: Any) -> Any:
        faults = _faults(bounds, arguments)
        if name in COLLECTING:
            return await _collecting(faults, lambda: resolve(source, info, **arguments))
        if faults:
            await write_refusal(info, name, ErrorCode.BAD_USER_INPUT)
            raise refusal_of(faults)
        return await resolve(source, info, **arguments)

    return resolve_bounded


async def _collecting(form: Sequence[EkonteError], run: Callable[[], Awaitable[Any]]) -> Any:
    with request_faults(form) as faults:
        try:
            return await run()
        except EkonteError as error:
            raise faults.together_with(error) from None


def _faults(bounds: Fields, arguments: Mapping[str, Any]) -> list[EkonteError]:
    found: list[EkonteError] = []
    for fault in bounds.faults(arguments, ()):
        found.append(fault)
        if len(found) == MAX_FAULTS:
            break
    return found
