import pytest

from models.workflows import Workflow
from tests.factories import make_workflow
from tests.resolvers.asking import ask, refused

RENAME = "mutation ($id: ID!, $name: String!) { renameWorkflow(id: $id, name: $name) { workflow { name } } }"


@pytest.mark.usefixtures("either_database")
@pytest.mark.parametrize("name", ["a\x00b", "a\ud800b", "\udfff"])
async def test_text_that_no_database_stores_is_refused(name: str) -> None:
    workflow = await make_workflow(name="before")
    error = await refused(RENAME, id=workflow.global_id, name=name)
    assert (error.code, error.path) == ("BAD_USER_INPUT", ["name"])
    literal = f'mutation {{ renameWorkflow(id: "{workflow.global_id}", name: "a\\u0000b") {{ workflow {{ name }} }} }}'
    assert (await refused(literal)).code == "BAD_USER_INPUT"
    assert (await Workflow.get()).name == "before"


@pytest.mark.usefixtures("either_database")
async def test_all_other_text_is_taken() -> None:
    workflow = await make_workflow()
    name = "一件小事 🎬 \u200d\uffff \x01"
    answer = await ask(RENAME, id=workflow.global_id, name=name)
    assert answer["renameWorkflow"]["workflow"]["name"] == name


@pytest.mark.usefixtures("database")
async def test_the_fault_is_named_however_deep_it_lies() -> None:
    document = "mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { workflow { id } } }"
    wanted = {"name": "A", "inputContent": "Text.", "options": {"preferences": {"list": ["x", {"y\x00": 1}]}}}
    error = await refused(document, input=wanted)
    assert error.path == ["input", "options", "preferences", "list", "1", "y?"]
