"""The jobs of others that run before a batch."""

import pytest

from models.enums import JobStatus, MediaKind, WorkflowStatus
from models.generation_requests import GenerationRequest
from models.workflows import Workflow
from services.generation.batches.forecasting import ForecastDemand, Sort, _Waiting, _waiting, others_before
from tests.batch_factories import make_batch_of
from tests.factories import OWNER, make_workflow
from tests.pool_factories import make_generation

REQUEST = GenerationRequest(kind=MediaKind.IMAGE, provider="fake", model="fake-picture", prompt="a street")


def test_a_batch_that_has_become_more_urgent_by_waiting_takes_turns_with_others_that_have() -> None:
    """Both were NORMAL (2) and are HIGH (1) by now."""
    waiting = [_Waiting("k", 1, 7, 100), _Waiting("k", 1, 8, 900)]
    small = ForecastDemand({"k": Sort(REQUEST, 100)}, priority_rank=2, batch_id=7)
    large = ForecastDemand({"k": Sort(REQUEST, 900)}, priority_rank=2, batch_id=8)
    assert others_before(small, waiting) == {"k": 100}
    assert others_before(large, waiting) == {"k": 100}


def test_a_batch_that_is_only_asked_about_is_as_urgent_as_it_is_to_be() -> None:
    wanted = ForecastDemand({"k": Sort(REQUEST, 10)}, priority_rank=2)
    assert others_before(wanted, [_Waiting("k", 1, 8, 900)]) == {"k": 900}


@pytest.mark.usefixtures("either_database")
async def test_what_is_paused_stands_in_nobodys_way() -> None:
    workflow = await make_workflow(status=WorkflowStatus.PAUSED)
    await make_generation(workflow_id=workflow.id)
    batch, _ = await make_batch_of([JobStatus.PENDING] * 2)
    waiting, _ = await _waiting(OWNER, MediaKind.IMAGE)
    assert {each.group: each.count for each in waiting} == {batch.id: 2}
    await Workflow.filter(id=workflow.id).update(status=WorkflowStatus.RUNNING)
    waiting, _ = await _waiting(OWNER, MediaKind.IMAGE)
    assert {each.group: each.count for each in waiting} == {batch.id: 2, workflow.id: 1}
