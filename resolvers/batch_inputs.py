"""Inputs of batches, turned into what the services take: the batch's defaults filled into its items."""

from typing import Any

from models.enums import ExistingRecords, MediaKind, Polling, Priority, Reuse
from models.generation_requests import DEFAULT_THRESHOLD, AccountStrategy
from resolvers.generation_inputs import said_parameters, strategy_with
from resolvers.ids import number_of
from schema.batch_inputs import CreateImageBatchInput, CreateVideoBatchInput, ImageBatchItemInput, VideoBatchItemInput
from schema.fields import given
from schema.generation_inputs import AccountStrategyInput, is_said
from services.generation.batches.batch_input import BatchInput, BatchItem
from services.generation.generation_input import GenerationInput, default_parameters
from services.generation.strategies import default_strategy


def batch_input(input: CreateImageBatchInput | CreateVideoBatchInput, kind: MediaKind) -> BatchInput:
    """What is asked; null is as if it was not given."""
    strategy = _strategy(given(input.strategy))
    common: dict[str, Any] = {
        "kind": kind,
        "project_id": input.project_id,
        "project_name": given(input.project_name),
        "work_id": input.work_id,
        "safety_check": input.safety_check is not False,
        "polling": input.polling or Polling.AUTO,
        "reuse": input.reuse or Reuse.NONE,
        "reuse_threshold": DEFAULT_THRESHOLD if input.reuse_threshold is None else input.reuse_threshold,
        "strategy": strategy,
    }
    usual = default_parameters(kind)
    said = {name: getattr(input, name) for name in (*usual, "model") if is_said(getattr(input, name))}
    return BatchInput(
        kind=kind,
        project_id=input.project_id,
        project_name=given(input.project_name),
        work_id=input.work_id,
        items=[_item(item, common, usual, said) for item in input.items],
        strategy=strategy,
        priority=input.priority or Priority.NORMAL,
        existing=input.existing or ExistingRecords.OVERWRITE,
        credit_budget=given(input.credit_budget),
        max_parallel=getattr(input, "max_parallel", None),
        callback_url=given(input.callback_url),
        dry_run=input.dry_run is True,
    )


def _item(
    item: ImageBatchItemInput | VideoBatchItemInput, common: dict[str, Any], usual: dict[str, Any], said: dict[str, Any]
) -> BatchItem:
    """usual: what is meant where nobody says anything; said: what the batch says."""
    own = said_parameters(item)
    if is_said(item.model):
        own["model"] = item.model
    return BatchItem(
        GenerationInput(
            storyboard_id=item.storyboard_id,
            defaulted=frozenset(usual) - set(said) - set(own),
            **common,
            **{**usual, **said, **own},
        ),
        frozenset(own),
    )


def _strategy(input: AccountStrategyInput | None) -> AccountStrategy:
    """What is no id of an account stands there as one that nobody has, so that it is told with all other faults."""
    if input is None:
        return default_strategy()
    return strategy_with(input, [number_of(account_id, "Account") or 0 for account_id in input.account_ids or []])
