"""Inputs of batches, turned into what the services take: the batch's defaults filled into its items."""

from typing import Any

from models.enums import ExistingRecords, MediaKind, Polling, Priority, Reuse, Transition
from models.generation_requests import AccountStrategy
from resolvers.generation_inputs import audio_of, inputs_of, strategy_with
from resolvers.ids import number_of
from schema.batch_inputs import CreateImageBatchInput, CreateVideoBatchInput, ImageBatchItemInput, VideoBatchItemInput
from schema.fields import given
from schema.generation_inputs import AccountStrategyInput, is_said
from services.generation.batches.batch_input import BatchAsked, BatchItem
from services.generation.generation_input import USUAL_RATIO, USUAL_RESOLUTION, USUAL_SECONDS, USUAL_THRESHOLD, Asked
from services.generation.strategies import default_strategy

# What only an item says, by the names of Asked.
_OF_ITEMS = (
    "negative_prompt",
    "size",
    "sample_strength",
    "seed",
    "steps",
    "guidance_scale",
    "scheduler",
    "style",
    "fps",
    "motion_strength",
)


def batch_asked(input: CreateImageBatchInput | CreateVideoBatchInput, kind: MediaKind) -> BatchAsked:
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
        "reuse_threshold": USUAL_THRESHOLD if input.reuse_threshold is None else input.reuse_threshold,
        "strategy": strategy,
    }
    usual: dict[str, Any] = {"ratio": USUAL_RATIO[kind], "resolution": USUAL_RESOLUTION[kind], "model": None}
    if isinstance(input, CreateVideoBatchInput):
        usual["duration_seconds"] = USUAL_SECONDS
    said = {name: getattr(input, name) for name in usual if is_said(getattr(input, name))}
    return BatchAsked(
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
    own = {name: getattr(item, name) for name in usual if is_said(getattr(item, name, None))}
    shaped = {**usual, **said, **own}
    asked = Asked(
        prompt=item.prompt,
        storyboard_id=item.storyboard_id,
        intelligent_ratio=getattr(item, "intelligent_ratio", False) is True,
        transition=given(getattr(item, "transition", None)) or Transition.NONE,
        audio=audio_of(getattr(item, "audio", None)),
        inputs=inputs_of(item.input_images),
        defaulted=frozenset(usual) - set(said) - set(own),
        **{name: given(getattr(item, name)) for name in _OF_ITEMS if hasattr(item, name)},
        **shaped,
        **common,
    )
    return BatchItem(asked, frozenset(own))


def _strategy(input: AccountStrategyInput | None) -> AccountStrategy:
    """What is no id of an account stands there as one that nobody has, so that it is told with all other faults."""
    if input is None:
        return default_strategy()
    return strategy_with(input, [number_of(account_id, "Account") or 0 for account_id in input.account_ids or []])
