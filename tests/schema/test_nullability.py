"""What fails alone is nullable, so that its error leaves the rest of the response (decision 0022)."""

from graphql import GraphQLSchema, is_non_null_type

from schema.fields import NULL_BESIDE_ERROR

# Arguments that are never refused.
HARMLESS = {"Attempt.route"}


def test_root_fields_are_nullable_and_say_when_they_are_null(code: GraphQLSchema) -> None:
    count = 0
    for root in (code.query_type, code.mutation_type, code.subscription_type):
        assert root is not None
        for name, field in root.fields.items():
            count += 1
            assert not is_non_null_type(field.type), f"{root.name}.{name}"
            assert NULL_BESIDE_ERROR in (field.description or ""), f"{root.name}.{name}"
    assert count > 80


def test_fields_with_arguments_of_their_own_are_nullable(code: GraphQLSchema) -> None:
    for name, type_ in code.type_map.items():
        for field_name, field in ({} if name.startswith("__") else getattr(type_, "fields", {})).items():
            if getattr(field, "args", None) and f"{name}.{field_name}" not in HARMLESS:
                assert not is_non_null_type(field.type), f"{name}.{field_name}"
                assert NULL_BESIDE_ERROR in (field.description or ""), f"{name}.{field_name}"
