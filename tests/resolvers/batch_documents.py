"""Documents about batches, and short ways to send them."""

from typing import Any

from graphql import GraphQLError

from errors import EkonteError
from tests.factories import OWNER
from tests.resolvers.asking import ask, execute

PAYLOAD = """{
  totalCount queueCount skippedStoryboardIds estimatedSeconds estimatedCredits warnings
  batch { id type status totalCount skippedCount pendingCount runningCount succeededCount progress
          jobs(first: 100) { totalCount nodes { id status storyboardId priority batch { id } } } }
}"""
CREATE_IMAGES = f"mutation ($input: CreateImageBatchInput!) {{ createImageBatch(input: $input) {PAYLOAD} }}"
CREATE_VIDEOS = f"mutation ($input: CreateVideoBatchInput!) {{ createVideoBatch(input: $input) {PAYLOAD} }}"


def items(*storyboard_ids: str, **values: Any) -> list[dict[str, Any]]:
    return [{"storyboardId": name, "prompt": f"{name} at night", **values} for name in storyboard_ids]


async def images(wanted: list[dict[str, Any]], owner: str = OWNER, key: str | None = None, **values: Any) -> Any:
    given = {"projectId": "film", "workId": "one", "items": wanted, **values}
    return (await ask(CREATE_IMAGES, owner, key, input=given))["createImageBatch"]


async def videos(wanted: list[dict[str, Any]], owner: str = OWNER, **values: Any) -> Any:
    given = {"projectId": "film", "workId": "one", "items": wanted, **values}
    return (await ask(CREATE_VIDEOS, owner, input=given))["createVideoBatch"]


async def refusal(document: str, wanted: list[dict[str, Any]], **values: Any) -> EkonteError:
    given = {"projectId": "film", "workId": "one", "items": wanted, **values}
    result = await execute(document, input=given)
    assert result.errors is not None, result.data
    [error] = result.errors
    assert isinstance(error, GraphQLError)
    assert isinstance(error.original_error, EkonteError), error
    return error.original_error


def faults_of(error: EkonteError) -> dict[str, str]:
    """By the path of each fault, without `input`, its code."""
    return {".".join(fault.path[1:]): fault.code.value for fault in error.faults}
