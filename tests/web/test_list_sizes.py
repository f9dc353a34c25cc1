"""Every list of the schema has a size."""

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_introspection_type,
    is_list_type,
)

from resolvers import schema
from web.list_sizes import ARGUMENTS, LIST_SIZES


def lists_without_paging() -> dict[str, bool]:
    """Lists of objects by "Type.field", without those of connections; whether the field has arguments."""
    found = {}
    for kind in schema._schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) or is_introspection_type(kind):
            continue
        if "pageInfo" in kind.fields:
            continue
        for name, field in kind.fields.items():
            is_list = is_list_type(get_nullable_type(field.type)) and is_composite_type(get_named_type(field.type))
            if is_list and "first" not in field.args:
                found[f"{kind.name}.{name}"] = bool(field.args)
    return found


def test_every_list_of_objects_without_paging_is_in_the_table_and_no_other_is() -> None:
    assert sorted(LIST_SIZES) == sorted(lists_without_paging()), "web/list_sizes.py says how long lists can be"


def test_sizes_are_positive_or_come_from_arguments() -> None:
    for name, size in LIST_SIZES.items():
        assert size > 0 or size == ARGUMENTS, name
        has_arguments = lists_without_paging()[name]
        assert size != ARGUMENTS or has_arguments or "Payload." in name, name
