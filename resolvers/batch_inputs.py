"""Converts batch inputs to service inputs, with the batch's defaults filled into its items."""

from typing import Any

from models.enums import ExistingRecords, MediaKind, Polling, Priority, Reuse
from models.generation_requests import DEFAULT_THRESHOLD, AccountStrategy
from resolvers.generation_inputs import given_parameters, strategy_with
from resolvers.ids import number_of
from schema.batch_inputs import CreateImageBatchInput, CreateVideoBatchInput, ImageBatchItemInput, VideoBatchItemInput
from schema.fields import given
from schema.generation_inputs import AccountStrategyInput, is_given
from services.generation.batches.batch_input import BatchInput, BatchItem
from services.generation.generation_input import NO_PROMPT, GenerationInput, default_parameters
from services.generation.strategies import default_strategy


def batch_input(input: CreateImageBatchInput | CreateVideoBatchInput, kind: MediaKind) -> BatchInput:
    """Converts a batch input; null counts as not given."""
    strategy = _strategy(given(input.strategy))
    common: dict[str, Any] = {
        "kind": kind,
        "project_id": input.project_id,
        "project_name": given(input.project_name),
        "work_id": input.work_id,
        "safety_check": input.safety_check is True,
        "polling": input.polling or Polling.AUTO,
        "reuse": input.reuse or Reuse.NONE,
        "reuse_threshold": DEFAULT_THRESHOLD if input.reuse_threshold is None else input.reuse_threshold,
        "strategy": strategy,
    }
    defaults = default_parameters(kind)
    of_batch = {
        name: getattr(input, name) for name in (*defaults, "count", "model") if is_given(getattr(input, name, None))
    }
    return BatchInput(
        kind=kind,
        project_id=input.project_id,
        project_name=given(input.project_name),
        work_id=input.work_id,
        items=[_item(item, common, defaults, of_batch) for item in input.items],
        strategy=strategy,
        priority=input.priority or Priority.NORMAL,
        existing=input.existing or ExistingRecords.OVERWRITE,
        credit_budget=given(input.credit_budget),
        max_parallel=getattr(input, "max_parallel", None),
        callback_url=given(input.callback_url),
        dry_run=input.dry_run is True,
    )


def _item(
    item: ImageBatchItemInput | VideoBatchItemInput,
    common: dict[str, Any],
    defaults: dict[str, Any],
    of_batch: dict[str, Any],
) -> BatchItem:
    """defaults: of parameters that neither the item nor the batch gives. of_batch: parameters that the batch gives."""
    own = given_parameters(item)
    if is_given(item.model):
        own["model"] = item.model
    return BatchItem(
        GenerationInput(
            storyboard_id=item.storyboard_id,
            defaulted=frozenset(defaults) - set(of_batch) - set(own),
            **common,
            **{**NO_PROMPT, **defaults, **of_batch, **own},
        ),
        frozenset(own),
    )


def _strategy(input: AccountStrategyInput | None) -> AccountStrategy:
    """The batch's strategy. An invalid account id becomes 0, which no account has, so that it is reported together
    with all other faults.
    """
    if input is None:
        return default_strategy()
    return strategy_with(input, [number_of(account_id, "Account") or 0 for account_id in input.account_ids or []])
