"""What operations cost, on the real schema."""

import re
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    get_introspection_query,
    get_operation_ast,
    parse,
    validate,
)

from errors import QueryTooComplexError
from resolvers import schema
from settings import Settings
from web.document_gate import DocumentGate
from web.node_cost import SCHEMA_POINTS, Cost, cost_plan
from web.operation_limits import OperationLimits, limits_of

ROOT = Path(__file__).parents[2]


def cost_of(query: str, variables: dict[str, Any] | None = None, name: str | None = None) -> Cost:
    document = parse(query)
    assert validate(schema._schema, document) == []
    operation = get_operation_ast(document, name)
    assert operation is not None
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    return cost_plan(schema._schema, operation, fragments).cost(variables)


def test_each_value_of_the_answer_is_a_point_and_each_item_of_a_list_a_node() -> None:
    assert cost_of('{ job(id: "1") { id status } }') == Cost(3, 0, "job")
    # jobs, and for each of 50 the job itself and two values
    assert cost_of("{ jobs(first: 50) { nodes { id status } } }") == Cost(1 + 50 * 3, 50, "jobs.nodes(50)")
    assert cost_of("{ jobs(first: 50) { totalCount edges { cursor node { id } } } }").points == 2 + 50 * 4


@pytest.mark.parametrize(
    ("arguments", "variables", "size"),
    [
        ("", {}, 20),
        ("(first: 7)", {}, 7),
        ("(last: 8)", {}, 8),
        ("(first: null, last: 8)", {}, 8),
        ("(first: 5000)", {}, 100),
        ("(first: -5)", {}, 0),
        ("(first: $n)", {"n": 9}, 9),
        ("(first: $n)", {}, 20),
        ("(first: $n)", {"n": None}, 20),
        ("(first: $n)", {"n": "many"}, 20),
        ("(first: $n)", {"n": 10**30}, 100),
        ("(first: $n, last: $m)", {"m": 6}, 6),
        ("(first: $d)", {}, 33),
        ("(first: $d)", {"d": 3}, 3),
    ],
)
def test_the_length_of_a_page_comes_from_first_or_last_and_is_bounded(
    arguments: str, variables: dict[str, Any], size: int
) -> None:
    names = [name for name in "nmd" if f"${name}" in arguments]
    given = ", ".join(f"${name}: Int" + (" = 33" if name == "d" else "") for name in names)
    query = f"query {'(' + given + ')' if given else ''} {{ jobs{arguments} {{ nodes {{ id }} }} }}"
    assert cost_of(query, variables).nodes == size


def test_the_length_of_other_lists_comes_from_arguments_or_the_table() -> None:
    nodes = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert cost_of(nodes, {"ids": ["job_1"] * 30}).nodes == 30
    assert cost_of('{ nodes(ids: ["job_1", "job_2"]) { id } }').nodes == 2
    assert cost_of('{ workflow(id: "1") { stages { progress } } }').nodes == 6
    assert cost_of('{ job(id: "1") { attempts { route(first: 3) { reason } } } }').nodes == 10 + 10 * 3
    delete = "mutation ($ids: [ID!]!) { deleteAccounts(ids: $ids) { deletedIds failures { message } } }"
    assert cost_of(delete, {"ids": ["acc_1"] * 40}).nodes == 40
    create = "mutation ($input: CreateAccountsInput!) { createAccounts(input: $input) { accounts { id } } }"
    assert cost_of(create, {"input": {"accounts": [{}] * 50}}).nodes == 50


def test_lists_within_lists_multiply_and_the_path_to_most_of_it_is_named() -> None:
    cycle = "jobs(first: 100) { nodes { batch { " * 4 + "id" + " } } }" * 4
    cost = cost_of(f'{{ batch(id: "1") {{ {cycle} }} }}')
    assert cost.points > 100**4
    assert cost.most.startswith("batch.jobs.nodes(100).batch.jobs.nodes(100)")


def test_aliases_count_each_and_the_same_field_in_several_fragments_once() -> None:
    one = cost_of("{ jobs { nodes { id } } }").points
    assert cost_of("{ a: jobs { nodes { id } } b: jobs { nodes { id } } }").points == 2 * one
    merged = """{ jobs { ...A ...B } jobs { nodes { id } } }
        fragment A on JobConnection { nodes { id } }
        fragment B on JobConnection { nodes { id } ... { nodes { id } } }"""
    assert cost_of(merged).points == one


def test_of_an_interface_or_a_union_the_most_expensive_member_counts() -> None:
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) { id %s } }"""
    job, batch = "... on Job { type progress }", "... on Batch { jobs(first: 10) { nodes { id } } }"
    costs = [cost_of(query % part, {"ids": ["x"]}).points for part in ("", job, batch, f"{job} {batch}")]
    assert costs == [2, 4, 2 + 1 + 20, 2 + 1 + 20]
    both = cost_of(query % "... on GenerationRecord { model } ... on ImageRecord { prompt }", {"ids": ["x"]})
    assert both.points == 4


def test_a_mutation_costs_more_for_each_field_and_introspection_has_a_price() -> None:
    one = cost_of('mutation { cancelJob(id: "1") { job { id } } }').points
    assert one == 10 + 3
    assert cost_of('mutation { a: cancelJob(id: "1") { job { id } } b: cancelJob(id: "1") { job { id } } }').points == (
        2 * one
    )
    assert cost_of(get_introspection_query()).points == SCHEMA_POINTS


def test_a_document_that_is_too_intricate_to_measure_is_refused() -> None:
    conditions = " ".join(f"... on {kind} {{ id }}" for kind in ("Job", "Batch", "Account", "Workflow", "Script"))
    fields = " ".join(f'a{number}: node(id: "1") {{ {conditions * 5} }}' for number in range(99))
    operation = get_operation_ast(parse(f"{{ {fields} }}"), None)
    assert operation is not None
    with pytest.raises(QueryTooComplexError, match="intricate"):
        cost_plan(schema._schema, operation, {})


def documents_of_the_repository() -> list[tuple[str, str]]:
    """GraphQL of the documentation, the examples, and the clients of the tests, as far as it is whole."""
    found = []
    for path in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]):
        for number, text in enumerate(re.findall(r"```graphql\n(.*?)```", path.read_text("utf-8"), re.DOTALL)):
            found.append((f"{path.relative_to(ROOT)}:{number}", text))
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for number, text in enumerate(re.findall(r'"""(.*?)"""', path.read_text("utf-8"), re.DOTALL)):
            if re.match(r"\s*(query|mutation|subscription|fragment|\{)\b", text):
                found.append((f"{path.relative_to(ROOT)}:{number}", text))
    for suffix in ("graphql", "gql"):
        for folder in ("tests", "docs", "web"):
            for path in sorted((ROOT / folder).rglob(f"*.{suffix}")):
                found.append((str(path.relative_to(ROOT)), path.read_text("utf-8")))
    return found


def test_the_documents_of_readme_docs_and_clients_are_allowed() -> None:
    gate = DocumentGate(schema._schema, limits_of(Settings(_env_file=None)))
    measured = 0
    for place, text in documents_of_the_repository():
        try:
            document = parse(text)
        except GraphQLError:
            continue  # shortened with an ellipsis
        if validate(schema._schema, document):
            continue  # a part of a document, or of another schema
        prepared = gate.prepare(text)
        for operation in document.definitions:
            if isinstance(operation, OperationDefinitionNode):
                name = operation.name.value if operation.name else None
                cost = gate.cost(prepared, {}, name)
                assert cost is not None, place
                measured += 1
    assert measured > 50


def test_the_limit_is_told_with_the_computed_number_and_where_it_comes_from() -> None:
    gate = DocumentGate(schema._schema, OperationLimits(max_points=1000))
    prepared = gate.prepare("{ workflows(first: 100) { nodes { stages { progress stage } } } }")
    with pytest.raises(QueryTooComplexError) as refused:
        gate.cost(prepared, {}, None)
    assert refused.value.message == (
        "The operation costs 1,901 points, one for each value that its answer can have; at most 1,000 are allowed. "
        "Most of them come from workflows.nodes(100).stages(6): ask for fewer items with first, or in several requests."
    )
